"use strict";
/* Loads the gallery's data piece by piece. Each file is a script that calls picofw.page or picofw.piece with its
   number and its content: a page that was opened from a disk may load scripts, and may not fetch. */

const picofw = (() => {
  const KEPT = 40; // files of samples that stay in memory
  const { folder } = document.getElementById("gallery").dataset;
  const arrivals = new Map(); // what is being loaded, and who is told
  const pages = new Map();

  function load(name, key) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      arrivals.set(key, resolve);
      script.src = `${folder}/${name}`;
      script.onload = () => script.remove();
      script.onerror = () => reject(new Error(`${name} is missing: write the report again`));
      document.head.append(script);
    });
  }

  function arrive(key, value) {
    arrivals.get(key)(value);
    arrivals.delete(key);
  }

  return {
    page: (number, samples) => arrive(`page ${number}`, samples),
    piece: (number, columns) => arrive(`piece ${number}`, columns),

    /** Give a promise of a file of samples; the ones asked for last are kept. */
    samples(number) {
      const found = pages.get(number) ?? load(`samples/${Math.floor(number / 1000)}/${number}.js`, `page ${number}`);
      pages.delete(number);
      pages.set(number, found);
      if (pages.size > KEPT) pages.delete(pages.keys().next().value);
      return found;
    },

    /** Give a promise of a piece of the index. */
    index: (number) => load(`index/${number}.js`, `piece ${number}`),
  };
})();

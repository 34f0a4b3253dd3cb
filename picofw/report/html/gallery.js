"use strict";
/* Finds samples by the index, and shows them a page at a time. What is chosen stands in the address after "#gallery?",
   so that a choice can be linked to. */

(() => {
  const SHOWN = 12; // cards on a page
  const section = document.getElementById("gallery");
  const form = document.getElementById("filters");
  const [found, cards, previous, next, at, of] = ["found", "cards", "previous", "next", "at", "of"].map((id) =>
    document.getElementById(id),
  );
  const count = Number(section.dataset.count);
  const perFile = Number(section.dataset.page);
  const perPiece = Number(section.dataset.piece);
  const outcomes = section.dataset.sampleOutcomes.split(" ");
  const attempts = section.dataset.attemptOutcomes.split(" ");
  const ACCEPTED = outcomes.indexOf("accepted");
  const REJECTED = 1 << attempts.indexOf("rejected");
  const pieces = []; // of the index, as they come
  let matches = []; // numbers of the samples that fit
  let page = 0; // the one that is wanted; it may be in a piece that is still to come
  let drawing = 0; // the latest request to draw; an earlier one that comes late is dropped

  const views = {
    all: () => true,
    edits: (index, row) => index.kind[row] === 0 && index.outcome[row] === ACCEPTED,
    preference: (index, row) => views.edits(index, row) && (index.attempts[row] & REJECTED) !== 0,
    chains: (index, row) => index.kind[row] === 1,
    failures: (index, row) => index.outcome[row] !== ACCEPTED,
  };

  /** Give a test of a sample by what the form says. */
  function filter() {
    const chosen = Object.fromEntries(new FormData(form));
    const type = Number(form.elements.type.selectedOptions[0].dataset.number);
    const [whose, outcome] = chosen.outcome.split(":");
    const least = chosen.least === "" ? null : Math.round(1000 * chosen.least);
    const most = chosen.most === "" ? null : Math.round(1000 * chosen.most);
    const tests = [views[chosen.view]];
    if (chosen.type) tests.push((index, row) => index.types[row].includes(type));
    if (whose === "sample") tests.push((index, row) => index.outcome[row] === outcomes.indexOf(outcome));
    if (whose === "attempt") tests.push((index, row) => (index.attempts[row] & (1 << attempts.indexOf(outcome))) !== 0);
    if (chosen.judge) tests.push((index, row) => index.judge[row].includes(Number(chosen.judge)));
    if (least !== null) tests.push((index, row) => index.score[row] !== null && index.score[row] >= least);
    if (most !== null) tests.push((index, row) => index.score[row] !== null && index.score[row] <= most);
    return (index, row) => tests.every((test) => test(index, row));
  }

  function search(number, fits) {
    const index = pieces[number];
    for (let row = 0; row < index.kind.length; row += 1) if (fits(index, row)) matches.push(number * perPiece + row);
  }

  const complete = () => pieces.length * perPiece >= count;

  /** Show the page that is wanted, or the last one there is. */
  async function draw() {
    const mine = (drawing += 1);
    const pages = Math.max(1, Math.ceil(matches.length / SHOWN));
    const shown = Math.min(page, pages - 1);
    if (complete()) page = shown;
    const numbers = matches.slice(shown * SHOWN, (shown + 1) * SHOWN);
    const view = form.elements.view.value;
    previous.disabled = shown === 0;
    next.disabled = shown >= pages - 1;
    [at.value, at.max, of.textContent] = [shown + 1, pages, `of ${pages.toLocaleString("en")}`];
    try {
      const files = await Promise.all(numbers.map((number) => picofw.samples(Math.floor(number / perFile))));
      if (mine !== drawing) return;
      cards.replaceChildren(...numbers.map((number, place) => picofw.card(files[place][number % perFile], view)));
      tell();
    } catch (error) {
      found.textContent = error.message;
    }
  }

  function tell() {
    const [first, last] = [(at.value - 1) * SHOWN + 1, Math.min(at.value * SHOWN, matches.length)];
    const [from, to, total] = [first, last, matches.length].map((number) => number.toLocaleString("en"));
    const read = complete() ? "" : "; reading the index …";
    found.textContent = (matches.length ? `${from}-${to} of ${total}` : "Nothing fits: choose less") + read;
  }

  /** Search anew, and show a page of what was found. */
  function choose(wanted = 0) {
    matches = [];
    page = wanted;
    const fits = filter();
    pieces.forEach((_, number) => search(number, fits));
    return draw();
  }

  function remember() {
    const chosen = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
    if (page) chosen.set("page", page + 1);
    history.replaceState(null, "", `#gallery?${chosen}`);
  }

  /** Show what the address says; other places on the page are not the gallery's affair. */
  function recall() {
    if (!location.hash.startsWith("#gallery?")) return;
    const chosen = new URLSearchParams(location.hash.slice("#gallery?".length));
    form.reset();
    // A type is looked for wherever it is, unless the address says where.
    if (!chosen.has("view")) form.elements.view.value = "all";
    for (const field of form.elements) {
      const value = chosen.get(field.name) ?? "";
      if (value && (field.tagName !== "SELECT" || [...field.options].some((option) => option.value === value))) field.value = value;
    }
    choose(Math.max(1, Number.parseInt(chosen.get("page"), 10) || 1) - 1);
    section.scrollIntoView();
  }

  function turn(to) {
    page = to;
    draw();
    remember();
    if (cards.getBoundingClientRect().top < 0) section.scrollIntoView(); // a page is read from its top
  }

  form.addEventListener("input", (event) => {
    // Accepted edits have no other outcome.
    if (event.target.name === "outcome" && event.target.value && form.elements.view.value === "edits") form.elements.view.value = "all";
    choose();
    remember();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("clear").onclick = () => {
    form.reset();
    choose();
    remember();
  };
  previous.onclick = () => turn(at.value - 2);
  next.onclick = () => turn(Number(at.value));
  at.onchange = () => turn(Math.min(Math.max(1, Number(at.value) || 1), Number(at.max)) - 1);
  window.addEventListener("hashchange", recall);

  async function start() {
    recall();
    for (let number = 0; !complete(); number += 1) {
      pieces.push(await picofw.index(number));
      const short = matches.length < (page + 1) * SHOWN;
      search(number, filter());
      if (short) await draw();
      else tell();
    }
    await draw();
  }

  start().catch((error) => {
    found.textContent = error.message;
  });
})();

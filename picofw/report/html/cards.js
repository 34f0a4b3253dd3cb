"use strict";
/* From a sample to what is shown of it. All text is set as text: none of it is ever markup. */

picofw.card = (() => {
  function element(tag, properties = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name.includes("-") || name === "role") made.setAttribute(name, value);
      else made[name] = value;
    }
    made.append(...children.filter((child) => child !== null));
    return made;
  }

  const words = (name) => name.replaceAll("_", " ");
  const text = (content, className = "", tag = "p") =>
    element(tag, { className: `text ${className}`, dir: "auto", textContent: content });
  const score = (attempt) => (attempt.score === undefined ? "" : attempt.score.toFixed(2));
  const badge = (outcome) =>
    element("span", { className: `badge ${outcome === "accepted" ? "good" : "bad"}`, textContent: words(outcome) });
  const button = (content, onclick) => element("button", { type: "button", textContent: content, onclick });

  function image(path, alt, className = "") {
    if (path === null) return element("div", { className: `none ${className}`, textContent: "no picture" });
    return element("img", { src: `images/${path}`, alt, className, loading: "lazy", decoding: "async" });
  }

  /** The photo and an edit of it, one over the other; a range input moves the line between them. */
  function comparison(before, after, what) {
    const slider = element("input", { type: "range", min: 0, max: 100, value: 50, "aria-label": `Before and after: ${what}` });
    const box = element(
      "div",
      { className: "compare" },
      image(before, `Before: ${what}`, "before"),
      image(after, `After: ${what}`, "after"),
      element("div", { className: "line" }),
      element("span", { className: "tag left", textContent: "before" }),
      element("span", { className: "tag right", textContent: "after" }),
      slider,
    );
    slider.oninput = () => box.style.setProperty("--at", `${slider.value}%`);
    return box;
  }

  const single = (path, what) => element("div", { className: "compare" }, image(path, what));

  function scores(attempt) {
    const rows = Object.entries(attempt.scores ?? {}).flatMap(([name, value]) => {
      const meter = element("dd", { className: "meter", "aria-hidden": "true" });
      meter.style.setProperty("--part", `${100 * value}%`);
      return [
        element("dt", { textContent: words(name) }),
        meter,
        element("dd", { className: "number", textContent: value.toFixed(2) }),
      ];
    });
    return element("dl", { className: "scores" }, ...rows);
  }

  function why(attempt) {
    if (attempt.score === undefined) return attempt.reason;
    const failed = attempt.failed.length ? `Fails by ${attempt.failed.map(words).join(", ")}. ` : "";
    return failed + attempt.rationale;
  }

  /** What an instruction does to the scene, and what it points back to, as far as its instructor said. */
  function state({ added, changed, removed, refers_to }) {
    const lines = { Adds: added.join(", "), Changes: changed.join(", "), Removes: removed.join(", "), "Refers back to": refers_to };
    return Object.entries(lines).map(([name, things]) => (things ? text(`${name}: ${things}`, "muted") : null));
  }

  function details(turn, attempt) {
    return element(
      "details",
      {},
      element("summary", { textContent: "Instruction and verdict" }),
      text(turn.instruction),
      ...state(turn.state),
      attempt ? scores(attempt) : null,
      attempt ? text(why(attempt), "muted") : null,
      attempt?.judge ? text(`Judged by ${attempt.judge}`, "muted") : null,
    );
  }

  /** Where the photo comes from; an address is a link only if it is one of the web. */
  function credit(sample) {
    const { title, author, license, page } = sample.photo;
    const link = (address, content) =>
      /^https?:\/\//i.test(address)
        ? element("a", { href: address, rel: "noopener noreferrer", target: "_blank" }, text(content, "", "bdi"))
        : text(content, "", "bdi");
    const parts = [link(page, title), author && text(author, "", "bdi"), license && link(license, /^https?:/i.test(license) ? "licence" : license)];
    const line = element("p", { className: "muted small" }, "Photo: ");
    parts.filter(Boolean).forEach((part, at) => line.append(at ? " · " : "", part));
    if (sample.cost) line.append(` · cost $${sample.cost.toPrecision(3)}`);
    return line;
  }

  function head(sample, attempt) {
    const type = sample.types.join(" → ") || "no further turn";
    return element(
      "div",
      { className: "head" },
      text(type, "kind", "span"),
      element("span", {}, badge(sample.outcome), " ", element("span", { className: "score", textContent: score(attempt ?? {}) })),
    );
  }

  /** One edit: its attempts can be looked at in turn. */
  function edit(sample) {
    const [turn] = sample.turns;
    const card = element("article", { className: "card" });
    function show(number) {
      const attempt = turn.attempts[number];
      const buttons = turn.attempts.map((one, at) => {
        const chooser = button(`${at + 1} ${words(one.outcome)} ${score(one)}`, () => {
          show(at);
          card.querySelectorAll(".attempts button")[at].focus();
        });
        chooser.setAttribute("aria-pressed", at === number);
        return chooser;
      });
      const choice = element("div", { className: "attempts", role: "group", "aria-label": "Attempts" }, ...buttons);
      card.replaceChildren(
        attempt?.image ? comparison(turn.before, attempt.image, turn.short) : single(turn.before, turn.short),
        element(
          "div",
          { className: "inside" },
          head(sample, attempt),
          text(turn.short, "short"),
          buttons.length > 1 ? choice : null,
          attempt?.outcome === "accepted" ? null : text(attempt ? why(attempt) : sample.reason, "why"),
          details(turn, attempt),
          credit(sample),
        ),
      );
    }
    show(turn.attempts.length - 1);
    return card;
  }

  /** A sample that got no instruction. */
  const unmade = (sample) =>
    element(
      "article",
      { className: "card" },
      single(sample.photo.image, `The photo: ${sample.photo.title}`),
      element("div", { className: "inside" }, head(sample), text(sample.reason, "why"), credit(sample)),
    );

  function frame(path, title, turn, attempt) {
    const caption = element(
      "figcaption",
      {},
      element("div", { className: "head" }, text(title, "kind", "span"), attempt ? badge(attempt.outcome) : null),
      turn ? text(turn.short, "short") : null,
      attempt?.score === undefined ? null : element("p", { className: "small muted", textContent: `Score ${score(attempt)}` }),
      attempt && attempt.outcome !== "accepted" ? text(why(attempt), "why") : null,
      turn ? details(turn, attempt) : null,
    );
    return element("li", {}, element("figure", {}, image(path, turn ? turn.short : title), caption));
  }

  function strip(sample, label, frames) {
    const list = element("ol", { className: "strip", tabIndex: 0, "aria-label": label }, ...frames);
    const notes = [head(sample), sample.outcome === "accepted" ? null : text(sample.reason, "why"), credit(sample)];
    return element("article", { className: "card wide" }, list, element("div", { className: "inside" }, ...notes));
  }

  /** A chain: the photo, then what each turn made of it. */
  function chain(sample) {
    const frames = sample.turns.map((turn, at) => {
      const last = turn.attempts.at(-1);
      return frame(last?.image ?? null, `${at + 1}: ${turn.type}`, turn, last);
    });
    return strip(sample, "The chain, turn by turn", [frame(sample.photo.image, "The photo"), ...frames]);
  }

  /** Preference data: the photo, the edit that was accepted, and those that were rejected before it. */
  function preference(sample) {
    const [turn] = sample.turns;
    const named = { accepted: "Chosen", rejected: "Rejected" };
    const judged = turn.attempts.filter((attempt) => attempt.outcome in named).reverse();
    const frames = judged.map((attempt) => frame(attempt.image, named[attempt.outcome], turn, attempt));
    return strip(sample, "The photo, the chosen edit and the rejected ones", [frame(turn.before, "The photo"), ...frames]);
  }

  /** Give the card of a sample as a view shows it. */
  return (sample, view) => {
    if (sample.kind === "chain") return chain(sample);
    if (view === "preference") return preference(sample);
    return sample.turns.length ? edit(sample) : unmade(sample);
  };
})();

// The review: one task after another, mostly by keyboard. Texts from the server are shown as text, never as markup.

import {Outbox} from "./outbox.js";
import {Stage, address} from "./stage.js";

const RETRY_MS = 2000;
const AHEAD = 3; // tasks whose pictures are fetched before they are asked for
const SCORES = [0, 0.25, 0.5, 0.75, 1];
const WORDS = ["not at all", "hardly", "partly", "mostly", "fully"];
const VERDICTS = {
  rate: [["no", "Reject", "n"], ["yes", "Accept", "y"]],
  pairs: [["left", "A is better", "←"], ["tie", "Equal", "t"], ["right", "B is better", "→"]],
};
const KEYS = {
  rate: [
    ["1 – 5", "answer the marked question, and go to the next"],
    ["↑ ↓", "mark another question"],
    ["y  n", "accept or reject the edit, and go on"],
    ["space", "whole edit, whole photo, in turn"],
    ["← →", "move the split"],
  ],
  pairs: [
    ["← →", "A is better, B is better"],
    ["t", "they are equally good, or equally bad"],
    ["space", "the photo in the place of both edits, and back"],
  ],
  both: [
    ["z", "zoom in where the pointer is; double click does the same"],
    ["s", "skip: I cannot say"],
    ["b", "back to the task before; another answer replaces the first"],
    ["?", "these keys"],
  ],
};

const $ = (id) => document.getElementById(id);
const NAME_KEY = "picofw-review rater";
let rater, study, stage, outbox, started;
let at = -1; // the task shown
let marked = 0; // the question that the number keys answer
let trail = []; // tasks that were shown before, for the way back
const notices = new Map();

function remembered() {
  try {
    return localStorage.getItem(NAME_KEY) ?? "";
  } catch {
    return "";
  }
}

function welcome() {
  $("rater").value = remembered();
  show("welcome");
  $("rater").focus();
}

async function begin(name) {
  const response = await fetch(`tasks?${new URLSearchParams({rater: name})}`).catch(() => null);
  if (!response?.ok) {
    const said = response ? (await response.json().catch(() => ({}))).error : "the server does not answer";
    return tell("start", `This did not work: ${said ?? response.status}.`);
  }
  tell("start", "");
  try {
    localStorage.setItem(NAME_KEY, name);
  } catch {
    // Then the name is asked for again next time.
  }
  rater = name;
  study = await response.json();
  outbox = new Outbox(study.study, rater, report);
  for (const task of outbox.waiting.keys()) study.answered[task] = outbox.get(task);
  stage = new Stage($("stage"), study.mode);
  document.body.dataset.mode = study.mode;
  $("who").textContent = name;
  build();
  trail = [];
  at = -1;
  next();
  outbox.send();
}

// --- one task ----------------------------------------------------------------------------------------

function next() {
  const after = study.tasks.findIndex((task, index) => index > at && !study.answered[task.id]);
  const found = after >= 0 ? after : study.tasks.findIndex((task) => !study.answered[task.id]);
  if (at >= 0) trail.push(at);
  if (found < 0) return finish();
  open(found);
}

function back() {
  const answered = study.tasks.findLastIndex((task, index) => index !== at && study.answered[task.id]);
  const found = trail.pop() ?? (at > 0 ? at - 1 : answered);
  if (found >= 0) open(found);
}

function open(index) {
  at = index;
  const task = study.tasks[at];
  show("work");
  $("instruction").textContent = task.instruction;
  $("instruction").scrollTop = 0;
  fill(study.answered[task.id] ?? {});
  mark(0);
  tell("question", "");
  tell("picture", "");
  count();
  $("work").classList.add("loading");
  started = undefined;
  look(task);
  for (const later of study.tasks.slice(at + 1, at + 1 + AHEAD)) {
    for (const name of ["before", "after", "left", "right"]) if (later[name]) new Image().src = address(later[name]);
  }
}

async function look(task) {
  const whole = await stage.show(task);
  if (study.tasks[at] !== task) return;
  tell("picture", whole ? "" : "A picture cannot be loaded; it is tried again. You can also skip.");
  if (!whole) return setTimeout(() => study.tasks[at] === task && look(task), RETRY_MS);
  $("work").classList.remove("loading");
  started = performance.now();
}

function answer(fields) {
  const task = study.tasks[at].id;
  const seconds = started === undefined ? 0 : Math.min(86400, (performance.now() - started) / 1000);
  study.answered[task] = fields;
  outbox.put({task, rater, seconds, ...fields});
  next();
}

function decide(choice) {
  if (started === undefined) return; // nobody can have seen the pictures yet
  if (study.mode === "pairs") return answer({choice});
  const open = study.questions.findIndex(({name}) => !chosen(name));
  if (open >= 0) {
    mark(open);
    return tell("question", "Please answer this question first, or skip the edit.");
  }
  const scores = Object.fromEntries(study.questions.map(({name}) => [name, Number(chosen(name).value)]));
  answer({scores, accepted: choice === "yes"});
}

function skip() {
  answer(study.mode === "pairs" ? {choice: "skip"} : {scores: {}, accepted: null});
}

function finish() {
  at = -1;
  show("finished");
  $("again").focus();
}

// --- questions ---------------------------------------------------------------------------------------

function build() {
  $("questions").replaceChildren(...(study.mode === "rate" ? study.questions.map(question) : []));
  $("ask").textContent = study.mode === "rate" ? "Should this edit be in the dataset?" : "Which edit is better?";
  $("choices").replaceChildren(
    ...VERDICTS[study.mode].map(([value, text, key]) => {
      const button = element("button", text, element("kbd", key));
      button.dataset.verdict = value;
      button.addEventListener("click", () => decide(value));
      return button;
    }),
  );
  $("key-list").replaceChildren(
    ...[...KEYS[study.mode], ...KEYS.both].flatMap(([keys, does]) => [element("dt", keys), element("dd", does)]),
  );
}

function question({name, question: text}, number) {
  const made = $("question").content.cloneNode(true).firstElementChild;
  const [short, ...more] = text.split(/(?<=\?)\s+/);
  made.querySelector("legend").textContent = name.replaceAll("_", " ");
  made.querySelector("summary").textContent = short;
  made.querySelector("details").append(element("p", more.join(" ")));
  made.querySelector(".scale").append(
    ...SCORES.map((score, index) => {
      const radio = Object.assign(document.createElement("input"), {type: "radio", name, value: score});
      radio.addEventListener("change", () => mark(number));
      const label = element("label", radio, element("span", String(index + 1)));
      label.title = WORDS[index];
      radio.setAttribute("aria-label", `${index + 1}, ${WORDS[index]}`);
      return label;
    }),
  );
  return made;
}

function chosen(name) {
  return document.querySelector(`input[name="${name}"]:checked`);
}

function fill({scores = {}, accepted, choice}) {
  for (const radio of document.querySelectorAll("#questions input")) {
    radio.checked = radio.name in scores && Number(radio.value) === scores[radio.name];
  }
  const earlier = choice ?? {true: "yes", false: "no"}[accepted];
  for (const button of $("choices").children) button.classList.toggle("earlier", button.dataset.verdict === earlier);
}

function mark(number) {
  marked = number;
  [...$("questions").children].forEach((part, index) => part.classList.toggle("marked", index === number));
  $("verdict").classList.toggle("marked", study.mode === "rate" && number === study.questions.length);
  $("questions").children[number]?.scrollIntoView({block: "nearest"});
}

function score(index) {
  const part = $("questions").children[marked];
  if (!part) return;
  part.querySelectorAll("input")[index].checked = true;
  tell("question", "");
  mark(marked + 1); // past the last one: the verdict
}

// --- telling -----------------------------------------------------------------------------------------

function show(id) {
  for (const part of ["welcome", "work", "finished"]) $(part).hidden = part !== id;
}

function count() {
  const answered = study.tasks.filter((task) => study.answered[task.id]).length;
  $("count").textContent = `${answered} of ${study.tasks.length}`;
  $("done").value = answered / study.tasks.length;
}

// Each kind of notice stays until it is told otherwise: "start", "question", "picture", "unsent".
function tell(kind, text) {
  notices.set(kind, text);
  const lines = [...notices.values()].filter(Boolean);
  $("notice").textContent = lines.join("\n");
  $("notice").hidden = lines.length === 0;
}

function report({waiting, problem}) {
  const answers = waiting === 1 ? "1 answer is" : `${waiting} answers are`;
  tell("unsent", problem && `${problem} ${answers} kept in this browser and will be sent later. You can go on.`);
  $("unsent").textContent = waiting ? `${answers} not sent yet: please leave this page open.` : "All your answers are kept.";
}

function element(tag, ...children) {
  const made = document.createElement(tag);
  made.append(...children);
  return made;
}

// --- keys and buttons --------------------------------------------------------------------------------

const help = () => $("keys").showModal();
const COMMON = {" ": () => stage.flip(), z: () => stage.magnify(), s: skip, b: back, "?": help};
const BY_MODE = {
  rate: {
    y: () => decide("yes"),
    n: () => decide("no"),
    ArrowLeft: () => stage.split(stage.at - 10),
    ArrowRight: () => stage.split(stage.at + 10),
    ArrowUp: () => mark(Math.max(0, marked - 1)),
    ArrowDown: () => mark(Math.min(study.questions.length - 1, marked + 1)),
    ...Object.fromEntries(SCORES.map((_, index) => [String(index + 1), () => score(index)])),
  },
  pairs: {ArrowLeft: () => decide("left"), ArrowRight: () => decide("right"), t: () => decide("tie")},
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
  if (!$("finished").hidden && event.key === "b") return back();
  if ($("work").hidden) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const does = BY_MODE[study.mode][key] ?? COMMON[key];
  if (!does) return;
  event.preventDefault();
  if (event.repeat && !(study.mode === "rate" && key.startsWith("Arrow"))) return; // one press, one answer
  does();
});

$("welcome").addEventListener("submit", (event) => {
  event.preventDefault();
  begin($("rater").value.trim());
});
$("back").addEventListener("click", back);
$("again").addEventListener("click", back);
$("skip").addEventListener("click", skip);
$("help").addEventListener("click", help);
$("who").addEventListener("click", welcome);
window.addEventListener("beforeunload", (event) => {
  if (outbox?.waiting.size) event.preventDefault();
});

history.replaceState(null, "", location.pathname); // the token has no place in the history
welcome();

// Answers on their way to the server. Each is kept in this browser until the server has said that it is on disk; a later
// answer to the same task takes the earlier one's place. Each has a key of its own, so that two tabs do not collide.

const RETRY_MS = 2000;

export class Outbox {
  // `changed(state)` is told {waiting, problem}: how many answers are kept here, and why ("" while all is well).
  constructor(study, rater, changed) {
    this.prefix = `picofw-review ${study} ${encodeURIComponent(rater)} `;
    this.changed = changed;
    this.waiting = new Map(this.#kept());
    this.problem = "";
    this.running = false;
    window.addEventListener("online", () => this.send());
  }

  put(answer) {
    const text = JSON.stringify(answer);
    this.waiting.set(answer.task, text);
    try {
      localStorage.setItem(this.prefix + answer.task, text);
    } catch {
      // Full or forbidden: the answer is then kept by this page alone, which asks before it is closed.
    }
    return this.send();
  }

  // The kept answer to a task, if the server does not have it yet.
  get(task) {
    return this.waiting.has(task) ? JSON.parse(this.waiting.get(task)) : undefined;
  }

  async send() {
    if (this.running) return;
    this.running = true;
    let away = false;
    const refused = new Map();
    for (let next; !away && (next = this.#next(refused)); this.#tell()) {
      const [task, text] = next;
      const problem = await this.#deliver(text);
      if (problem === "") {
        if (this.waiting.get(task) === text) this.#drop(task);
        this.problem = "";
      } else if (problem === null) {
        away = true;
        this.problem = "The server does not answer.";
      } else {
        refused.set(task, text);
        this.problem = problem;
      }
    }
    this.running = false;
    this.#tell();
    if (away) setTimeout(() => this.send(), RETRY_MS);
  }

  // "": committed; null: nobody there, or not able to now; else why it was refused.
  async #deliver(text) {
    let response;
    try {
      const headers = {"Content-Type": "application/json"};
      response = await fetch("answers", {method: "PUT", headers, body: text, signal: AbortSignal.timeout(20000)});
    } catch {
      return null;
    }
    if (response.ok) return "";
    if (response.status >= 500) return null;
    if (response.status === 403) return "The server wants its link again: open the one that it printed.";
    const said = await response.json().catch(() => ({}));
    return `The server refuses an answer: ${said.error ?? response.status}.`;
  }

  #next(refused) {
    return [...this.waiting].find(([task, text]) => refused.get(task) !== text);
  }

  #drop(task) {
    this.waiting.delete(task);
    try {
      localStorage.removeItem(this.prefix + task);
    } catch {
      // It was never there.
    }
  }

  #tell() {
    this.changed({waiting: this.waiting.size, problem: this.waiting.size ? this.problem : ""});
  }

  #kept() {
    try {
      return Object.entries(localStorage)
        .filter(([key]) => key.startsWith(this.prefix))
        .map(([key, text]) => [key.slice(this.prefix.length), text]);
    } catch {
      return [];
    }
  }
}

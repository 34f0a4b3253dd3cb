// The pictures: before and after in one frame with a movable split, or before, left and right side by side. All panes
// share one zoom, so that the same spot is seen in each.

const ZOOMS = [1, 2, 4];
const PANES = {
  rate: [["before", "after"]],
  pairs: [["before"], ["left", "before"], ["right", "before"]],
};
const CAPTIONS = {before: "before", left: "A", right: "B"};

export class Stage {
  constructor(root, mode) {
    this.root = root;
    this.mode = mode;
    this.zoom = 1;
    root.dataset.mode = mode;
    root.replaceChildren(...PANES[mode].map((names) => this.#pane(names)));
    if (mode === "rate") root.append(this.#slider());
    root.addEventListener("pointerdown", (event) => this.#drag(event));
    root.addEventListener("pointermove", (event) => this.#drag(event));
    root.addEventListener("dblclick", (event) => this.magnify(event));
    root.addEventListener("pointermove", (event) => this.#look(event));
    this.reset();
  }

  // Show a task; resolves to whether all of its pictures are there.
  async show(task) {
    this.reset();
    const images = [...this.root.querySelectorAll("img")];
    for (const image of images) image.src = address(task[image.dataset.picture]);
    const found = await Promise.allSettled(images.map((image) => image.decode()));
    return found.every(({status}) => status === "fulfilled");
  }

  reset() {
    this.#zoomTo(1);
    this.root.classList.remove("flipped");
    if (this.mode === "rate") this.split(50);
  }

  // Whole after, whole before, and so on; in pairs mode, the photo in the place of both edits.
  flip() {
    if (this.mode === "rate") return this.split(this.at === 0 ? 100 : 0);
    this.root.classList.toggle("flipped");
  }

  // How much of the picture, in percent from the left, shows the photo before.
  split(percent) {
    this.at = Math.min(100, Math.max(0, percent));
    this.root.style.setProperty("--split", `${this.at}%`);
    this.root.querySelector("#split").value = this.at;
    this.root.querySelector(".left-tag").hidden = this.at === 0;
    this.root.querySelector(".right-tag").hidden = this.at === 100;
  }

  magnify(event) {
    if (event) this.#aim(event);
    this.#zoomTo(ZOOMS[(ZOOMS.indexOf(this.zoom) + 1) % ZOOMS.length]);
  }

  #zoomTo(zoom) {
    this.zoom = zoom;
    this.root.classList.toggle("zoomed", zoom > 1);
    this.root.style.setProperty("--zoom", zoom);
  }

  #look(event) {
    if (event.pointerType === "mouse" || event.buttons) this.#aim(event);
  }

  #aim(event) {
    const view = event.target.closest(".view");
    if (!view) return;
    const box = view.getBoundingClientRect();
    this.root.style.setProperty("--x", `${(100 * (event.clientX - box.left)) / box.width}%`);
    this.root.style.setProperty("--y", `${(100 * (event.clientY - box.top)) / box.height}%`);
  }

  #drag(event) {
    const view = event.target.closest(".view");
    if (!view || !event.buttons || this.mode !== "rate" || this.zoom > 1) return;
    event.preventDefault();
    const box = view.getBoundingClientRect();
    this.split((100 * (event.clientX - box.left)) / box.width);
  }

  #pane(names) {
    const pane = document.querySelector("#pane").content.cloneNode(true).firstElementChild;
    const view = pane.querySelector(".view");
    for (const name of names) {
      const layer = document.createElement("div");
      layer.className = `layer ${name}`;
      const image = document.createElement("img");
      image.alt = name === "before" ? "The photo before the edit" : `The photo after edit ${CAPTIONS[name] ?? ""}`.trim();
      image.dataset.picture = name;
      image.draggable = false;
      layer.append(image);
      view.append(layer);
    }
    if (names.includes("after")) view.append(...["divider", "tag left-tag", "tag right-tag"].map(box));
    pane.querySelector("figcaption").textContent = CAPTIONS[names[0]];
    pane.classList.toggle("alone", names.includes("after"));
    return pane;
  }

  #slider() {
    const slider = Object.assign(document.createElement("input"), {id: "split", type: "range", min: 0, max: 100});
    slider.setAttribute("aria-label", "How much of the photo before the edit is shown");
    slider.addEventListener("input", () => this.split(Number(slider.value)));
    return slider;
  }
}

export function address(name) {
  return `pictures/${name}`;
}

function box(names) {
  const made = document.createElement("div");
  made.className = names;
  return made;
}

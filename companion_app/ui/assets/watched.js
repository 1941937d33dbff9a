/** Something whose changes are followed. */

export class Watched extends EventTarget {
  /** Run `handler` now and on every later change named in `types`, until `signal` aborts. */
  watch(types, handler, signal) {
    for (const type of types)
      this.addEventListener(type, (event) => handler(event.detail), { signal });
    handler();
  }

  emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/* Which line is open: from the list, by key, by address. */

export class Opened {
  /** `page` has list, drawer, search, state() and the ways to change it: go(patch), replace(patch). */
  constructor(page) {
    this.page = page;
  }

  get id() {
    return this.page.state().record;
  }

  /** Open a line, or close it if it is the one. */
  toggle(id) {
    if (this.id === id) this.close();
    else if (this.id) this.stepTo(id);
    else this.page.go({ record: id });
  }

  /** The line that is open or marked, else the first in sight. */
  toggleSelected() {
    const { list } = this.page;
    const id = this.id || list.selected || list.neighbour(0)?.id;
    if (id) this.toggle(id);
  }

  stepTo(id) {
    this.page.replace({ record: id });
    this.show();
  }

  close() {
    if (history.state?.isOpened) history.back();
    else this.stepTo("");
    this.page.list.viewport.focus({ preventScroll: true });
  }

  step(by) {
    const record = this.page.list.neighbour(by);
    if (!record) return;
    if (this.id) this.stepTo(record.id);
    else this.page.list.select(record.id);
  }

  /** Show a part of the drawer; the same again leads back to the fields. */
  showPane(name, { isToggle = false } = {}) {
    const { state, replace } = this.page;
    if (!this.id) return;
    replace({ pane: isToggle && state().pane === name ? "fields" : name });
    this.show();
  }

  /** Bring the drawer in line with the state; a line that is not in the list is fetched. */
  async show() {
    const { list, drawer, search, state } = this.page;
    const { id } = this;
    if (!id) {
      drawer.close();
      return;
    }
    if (list.selected !== id) list.select(id);
    const known = list.records[list.indexOf(id)] || (drawer.record?.id === id ? drawer.record : null);
    if (known) {
      drawer.show(known, state().pane);
      return;
    }
    drawer.say("Fetching the line …");
    try {
      const record = await search.record(id);
      if (this.id === id) drawer.show(record, state().pane);
    } catch (error) {
      if (this.id === id) drawer.say(`${error.message} ${error.hint || ""}`);
    }
  }
}

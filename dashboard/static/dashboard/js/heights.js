/* Where each row of the list stands: all equally high, or, where they wrap, as high as measured. */

export class Heights {
  constructor() {
    this.rowPx = 22;
    this.isUneven = false;
    this.sizes = [];
    this.tops = new Float64Array(1);
    this.isStale = false;
    this.count = 0;
  }

  /** Forget everything; `guess(index)` is a row's height until it is measured. */
  reset(count, { rowPx, isUneven, guess }) {
    Object.assign(this, { count, rowPx, isUneven, guess, isStale: true });
    this.sizes = isUneven ? Array.from({ length: count }, (_, i) => guess(i)) : [];
  }

  /** Rows were put in front, or behind; `count` is how many there are then. */
  grow(count, { before = 0 } = {}) {
    const behind = Math.max(count - this.count - before, 0);
    this.count = count;
    this.isStale = true;
    if (!this.isUneven) return;
    const fresh = Array.from({ length: before }, (_, i) => this.guess(i));
    const later = Array.from({ length: behind }, (_, i) => this.guess(count - behind + i));
    this.sizes = [...fresh, ...this.sizes, ...later].slice(0, count);
  }

  /** Returns by how much the row grew. */
  set(index, px) {
    const grown = px - this.sizes[index];
    if (Math.abs(grown) < 0.5) return 0;
    this.sizes[index] = px;
    this.isStale = true;
    return grown;
  }

  get total() {
    return this.top(this.count);
  }

  top(index) {
    if (!this.isUneven) return index * this.rowPx;
    if (this.isStale) this.#add();
    return this.tops[Math.min(index, this.count)];
  }

  height(index) {
    return this.isUneven ? this.sizes[index] : this.rowPx;
  }

  #add() {
    if (this.tops.length <= this.count) this.tops = new Float64Array(this.count * 2 + 1);
    for (let i = 0; i < this.count; i += 1) this.tops[i + 1] = this.tops[i] + this.sizes[i];
    this.isStale = false;
  }

  /** The row at a distance from the top. */
  at(px) {
    if (!this.isUneven) return Math.min(Math.max(Math.floor(px / this.rowPx), 0), Math.max(this.count - 1, 0));
    if (this.isStale) this.#add();
    let [low, high] = [0, Math.max(this.count - 1, 0)];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.tops[middle] <= px) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** The lines as they stand in the page. Text goes into fields, never into markup. */

import { hint, parseTime, trouble } from "./cue.js";
import { fill } from "./format.js";

/**
 * @typedef {import("./cue.js").Cue} Cue
 * @typedef {{element: HTMLLIElement, fields: Record<string, HTMLInputElement|HTMLTextAreaElement>,
 *   index?: number, cue?: Cue, before?: Cue, after?: Cue, problem?: string, wrong: boolean}} Row what it shows
 */

export class Rows {
  /** @type {Map<number, Row>} by the id of the cue */
  #rows = new Map();
  #list;
  #template;

  /**
   * @param {HTMLOListElement} list
   * @param {HTMLTemplateElement} template
   */
  constructor(list, template) {
    this.#list = list;
    this.#template = template;
  }

  /**
   * Makes the page show the lines, and touches only what has changed. Returns
   * the number of the first line that cannot be saved, 0 for none.
   *
   * @param {Cue[]} lines
   */
  show(lines) {
    this.#dropAllBut(new Set(lines.map(({ id }) => id)));
    let wrong = 0;
    let next = this.#list.firstElementChild;
    lines.forEach((cue, index) => {
      const row = this.#rows.get(cue.id) ?? this.#make(cue);
      if (row.element === next) {
        next = next.nextElementSibling;
      } else {
        this.#list.insertBefore(row.element, next);
      }
      this.#update(row, index, lines);
      if (row.wrong && wrong === 0) {
        wrong = index + 1;
      }
    });
    return wrong;
  }

  /**
   * @param {Row} row
   * @param {number} index
   * @param {Cue[]} lines
   */
  #update(row, index, lines) {
    this.#number(row, index);
    const [before, cue, after] = [lines[index - 1], lines[index], lines[index + 1]];
    if (row.cue === cue && row.before === before && row.after === after) {
      return;
    }
    this.#fill(row, cue);
    this.#tell(row, trouble(cue, before, after, Number(row.element.dataset.videoEnd)));
    Object.assign(row, { before, cue, after });
  }

  /** @param {number} id */
  row(id) {
    return this.#rows.get(id);
  }

  /** @param {Set<number>} ids */
  #dropAllBut(ids) {
    for (const [id, row] of this.#rows) {
      if (!ids.has(id)) {
        row.element.remove();
        this.#rows.delete(id);
      }
    }
  }

  /** @param {Cue} cue */
  #make(cue) {
    const element = this.#template.content.cloneNode(true).firstElementChild;
    element.dataset.id = String(cue.id);
    const fields = {};
    for (const field of element.querySelectorAll("[data-field]")) {
      fields[field.dataset.field] = field;
    }
    const problem = element.querySelector("[data-problem]");
    problem.id = `cue-problem-${cue.id}`;
    const row = { element, fields, wrong: false };
    this.#rows.set(cue.id, row);
    return row;
  }

  /**
   * @param {Row} row
   * @param {number} index
   */
  #number(row, index) {
    if (row.index === index) {
      return;
    }
    row.index = index;
    row.element.querySelector("[data-number]").textContent = String(index + 1);
    const labels = this.#template.content.firstElementChild;
    for (const [name, field] of Object.entries(row.fields)) {
      field.setAttribute("aria-label", fill(labels.querySelector(`[data-field=${name}]`).getAttribute("aria-label"), index + 1));
    }
  }

  /**
   * @param {Row} row
   * @param {Cue} cue
   */
  #fill(row, cue) {
    if (row.cue === cue) {
      return;
    }
    for (const [name, field] of Object.entries(row.fields)) {
      if (field.value !== cue[name]) {
        field.value = cue[name];
      }
    }
    row.fields.text.rows = cue.text.split("\n").length;
    const { element } = row;
    element.dataset.start = String(parseTime(cue.start));
    element.dataset.end = String(parseTime(cue.end));
    const seek = element.querySelector("[data-seek]");
    seek.setAttribute("aria-label", fill(this.#template.content.querySelector("[data-seek]").getAttribute("aria-label"), cue.start));
    const found = hint(cue);
    element.querySelector("[data-hint]").textContent = found ? fill(element.dataset[found.code], found.value) : "";
  }

  /**
   * @param {Row} row
   * @param {import("./cue.js").Trouble|undefined} found
   */
  #tell(row, found) {
    const key = found && found.field + found.code;
    if (row.problem === key) {
      return;
    }
    row.problem = key;
    row.wrong = found?.level === "error";
    const problem = row.element.querySelector("[data-problem]");
    problem.textContent = found ? row.element.dataset[found.code] : "";
    problem.dataset.level = found?.level ?? "";
    for (const name of ["start", "end"]) {
      const field = row.fields[name];
      field.toggleAttribute("data-warning", found?.field === name && found.level === "warning");
      if (found?.field === name) {
        field.setAttribute("aria-invalid", "true");
        field.setAttribute("aria-describedby", problem.id);
      } else {
        field.removeAttribute("aria-invalid");
        field.removeAttribute("aria-describedby");
      }
    }
  }
}

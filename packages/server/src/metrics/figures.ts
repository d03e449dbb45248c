/** How often people agree with what was decided: counting of pairs, and the figures that follow from the counts. Pure. */

/** How many things people agree to be `agreed` and the machine decided as `decided`; class numbers. */
export interface Pair {
  readonly agreed: number;
  readonly decided: number;
  /** At least 0, whole. */
  readonly count: number;
}

/** How well one label is decided. A share is null where it would divide by nothing. */
export interface LabelFigures {
  readonly classNo: number;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
  readonly truePositives: number;
  readonly trueNegatives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
}

/** How well a set of labels is decided. */
export interface Figures {
  /** Things with both a decision and a consensus: the only ones that can be judged. */
  readonly judged: number;
  /** Of those, the ones decided as people say. */
  readonly right: number;
  readonly accuracy: number | null;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
  /** Rows are the consensus, columns the decision, both in the order of `labels`. */
  readonly confusion: readonly (readonly number[])[];
  readonly labels: readonly LabelFigures[];
}

/**
 * The figures of counted pairs, by the definitions of scikit-learn (Pedregosa and others, 2011), whose numbers the tests hold:
 *
 * - accuracy: share of the judged that were decided as people say.
 * - of a label: precision = TP / (TP + FP), recall = TP / (TP + FN), F1 = 2 TP / (2 TP + FP + FN).
 * - overall precision, recall and F1: the plain mean over the labels that people gave or the machine chose at least once (`average="macro"`),
 *   where a label whose own share would divide by nothing adds 0 (`zero_division=0`). Plain and not weighted by how frequent a label is:
 *   weighted, recall is the accuracy over again, and a model that drops every rare attack still looks well.
 *
 * Overall F1 is the mean of the labels' F1, not the F1 of the mean precision and recall.
 * @param classNos class numbers that have a row and a column, in ascending order; pairs of others get theirs too.
 * @returns every share null where nothing could be judged.
 */
export function figuresOf(classNos: readonly number[], pairs: readonly Pair[]): Figures {
  const all = new Set(classNos);
  for (const { agreed, decided, count } of pairs) {
    if (count > 0) all.add(agreed).add(decided);
  }
  const order = [...all].sort((a, b) => a - b);
  const position = new Map(order.map((classNo, index) => [classNo, index]));
  const confusion = order.map(() => new Array<number>(order.length).fill(0));
  let judged = 0;
  for (const { agreed, decided, count } of pairs) {
    if (count <= 0) continue;
    confusion[position.get(agreed)!]![position.get(decided)!]! += count;
    judged += count;
  }
  const right = order.reduce((sum, _, index) => sum + confusion[index]![index]!, 0);
  const labels = order.map((classNo, index) => labelFigures(classNo, index, confusion, judged));
  const met = labels.filter((label) => label.f1 !== null);
  const mean = (share: (label: LabelFigures) => number | null): number | null =>
    met.length === 0 ? null : met.reduce((sum, label) => sum + (share(label) ?? 0), 0) / met.length;
  return {
    judged,
    right,
    accuracy: ratio(right, judged),
    precision: mean((label) => label.precision),
    recall: mean((label) => label.recall),
    f1: mean((label) => label.f1),
    confusion,
    labels,
  };
}

/** The pairs of a square matrix whose rows are the consensus and whose columns the decision. */
export function pairsOf(classNos: readonly number[], confusion: readonly (readonly number[])[]): Pair[] {
  return confusion.flatMap((row, agreed) =>
    row.flatMap((count, decided) => (count > 0 ? [{ agreed: classNos[agreed]!, decided: classNos[decided]!, count }] : [])),
  );
}

function labelFigures(classNo: number, index: number, confusion: readonly (readonly number[])[], judged: number): LabelFigures {
  const truePositives = confusion[index]![index]!;
  const given = confusion[index]!.reduce((sum, count) => sum + count, 0);
  const chosen = confusion.reduce((sum, row) => sum + row[index]!, 0);
  return {
    classNo,
    precision: ratio(truePositives, chosen),
    recall: ratio(truePositives, given),
    f1: ratio(2 * truePositives, given + chosen),
    truePositives,
    trueNegatives: judged - given - chosen + truePositives,
    falsePositives: chosen - truePositives,
    falseNegatives: given - truePositives,
  };
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

/** Who has a partition, and how far its outputs count. */
export interface PartitionHead {
  partition: number;
  /** Last position of the log whose outputs count; -1 before the first. */
  position: number;
  /** Counts every commit of the partition, across owners: two commits may share a position, never a number. */
  commit: number;
  /** Counts the owners. */
  generation: number;
  /**
   * For each owner, ascending: its generation and the commit at which it took over. Of owners that took over at the
   * same commit, the last alone.
   */
  takeovers: [generation: number, commit: number][];
}

/** Who wrote something, in which commit. */
export interface Stamp {
  generation: number;
  commit: number;
}

/**
 * Whether what was written with this stamp counts. What an owner wrote in a commit that never reached the checkpoint
 * does not, nor what it wrote after it had lost the partition: the next owner took over at an earlier commit.
 */
export function counts(head: PartitionHead, stamp: Stamp): boolean {
  if (stamp.commit > head.commit) return false;
  const next = head.takeovers.find(([generation]) => generation > stamp.generation);
  return next === undefined || stamp.commit <= next[1];
}

/** The head as its next owner leaves it. */
export function takenOver(head: PartitionHead): PartitionHead {
  const generation = head.generation + 1;
  const earlier = head.takeovers.filter(([, commit]) => commit < head.commit);
  return { ...head, generation, takeovers: [...earlier, [generation, head.commit]] };
}

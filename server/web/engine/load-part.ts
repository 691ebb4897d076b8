/** Parts of the engine that are loaded when they are needed. */

/** A part that could not be loaded: the connection is down, or the pages have been renewed since. */
export class PartNotLoaded extends Error {
  constructor(cause: unknown) {
    super('A part of the engine could not be loaded', { cause });
    this.name = 'PartNotLoaded';
  }
}

/** Loads a part, and tells a failure to do so from failures within it. @throws PartNotLoaded */
export async function loadPart<Part>(load: () => Promise<Part>): Promise<Part> {
  try {
    return await load();
  } catch (cause) {
    throw new PartNotLoaded(cause);
  }
}

/** From where on sound is heard to suffer: a connection is then less than excellent, and the replay says so. */

/** The share of sound that was made up for what did not come. */
export const CHOPPY = 0.02
/** By how much packets come unevenly (jitter). */
export const UNEVEN_MS = 60

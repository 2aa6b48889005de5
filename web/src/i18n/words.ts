/** The shape that a second language must have: the same keys, every leaf a sentence. */
export type Words<T> = { [K in keyof T]: T[K] extends string ? string : Words<T[K]> }

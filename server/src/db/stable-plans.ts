/**
 * Settings of every connection. A plan that was made while a table was small reads the whole of it, and is kept while the
 * table grows. Where there is an index, it is used from the start. `jit`: PostgreSQL would compile whatever must read a
 * whole table after all, because it now thinks that costly, and compiling takes longer than reading.
 */
export const stablePlans = { enable_seqscan: "off", jit: "off" };

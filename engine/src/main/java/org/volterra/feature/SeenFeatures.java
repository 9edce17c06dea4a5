package org.volterra.feature;

/**
 * What the first stage of a layer of a dense block reads of the block's history.
 *
 * @param channels the columns that it sees of the matrix that it is given
 * @param statistics their statistics, column by column of that matrix, if the stage is batch
 *     normalisation; else null
 */
record SeenFeatures(ChannelRuns channels, ChannelStatistics statistics) {}

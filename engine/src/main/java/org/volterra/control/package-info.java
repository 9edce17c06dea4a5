/**
 * Learning as optimal control: problems stated once in continuous depth, their discretisations on L
 * layers, and methods that minimise them.
 */
package org.volterra.control;

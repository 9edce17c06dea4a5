/**
 * Feature transforms φ: what a layer puts into the history, as immutable compositions of stages,
 * and their exact adjoints.
 */
package org.volterra.feature;

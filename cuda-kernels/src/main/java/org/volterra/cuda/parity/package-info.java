/**
 * The check of a device on a user's machine: every primitive and whole networks against the scalar
 * reference provider.
 */
package org.volterra.cuda.parity;

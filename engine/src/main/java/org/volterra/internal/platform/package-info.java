/**
 * What the machine and the virtual machine offer: the probe that says whether vectors can be used,
 * and the worker threads.
 */
package org.volterra.internal.platform;

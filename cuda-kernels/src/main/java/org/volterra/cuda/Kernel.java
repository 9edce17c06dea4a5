package org.volterra.cuda;

import jcuda.driver.CUfunction;

/**
 * A kernel that is loaded.
 *
 * @param name its name in the image
 * @param function what launches it, while its module is loaded
 */
record Kernel(String name, CUfunction function) {}

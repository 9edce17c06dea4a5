package org.volterra.internal.panama;

import java.util.ArrayList;
import java.util.List;

/**
 * Primitives that are not run but kept, each with a job of its own, to be run one after the other
 * as often as is wanted. Not thread-safe.
 */
final class FloatProgram extends FloatProductJobs implements Runnable {
  private final Workshop shop;
  private final List<Workshop.Bound> jobs = new ArrayList<>();

  FloatProgram(Workshop shop) {
    super(shop.threads());
    this.shop = shop;
  }

  @Override
  Step step() {
    return new Step();
  }

  @Override
  FloatGemm product() {
    return new FloatGemm();
  }

  @Override
  FloatProducts vectorProduct() {
    return new FloatProducts();
  }

  @Override
  FloatPanels panels() {
    return new FloatPanels();
  }

  @Override
  FloatPack.Transpose transposition() {
    return new FloatPack.Transpose();
  }

  @Override
  FloatColumns columns() {
    return new FloatColumns();
  }

  @Override
  void take(Workshop.Bound job) {
    jobs.add(job);
  }

  @Override
  public void run() {
    for (int i = 0; i < jobs.size(); i++) {
      jobs.get(i).run(shop);
    }
  }
}

package org.volterra.control;

/**
 * The extended method of successive approximations for Pontryagin's maximum principle (Li, Chen,
 * Tai, E, arXiv:1710.09513): compute states and costates, minimise the augmented Hamiltonian over
 * the control while they are fixed, repeat. The regulariser belongs to the Hamiltonian, whose
 * minimisation is thereby an elliptic problem on the triangle; it is solved by L-BFGS in the
 * regulariser's metric.
 *
 * <p>The objective must fall along the way from the old control to the new one: the step is halved
 * until it does (its slope is that of J, see {@link AugmentedHamiltonian}). ρ is doubled when a
 * step had to be halved, else halved, so that the method finds the ρ that the problem needs.
 *
 * @param rho first ρ, not negative
 * @param inner most iterations of L-BFGS for each Hamiltonian, at least 1
 */
public record ExtendedMsa(double rho, int inner) {
  private static final double SUFFICIENT_DECREASE = 1e-4;
  private static final double INNER_TOLERANCE = 1e-2;
  private static final double LEAST_RHO = 1e-6;
  private static final int MOST_HALVINGS = 50;
  private static final int MEMORY = 8;

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public ExtendedMsa {
    if (!(rho >= 0 && rho < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("rho " + rho + ": must be finite and not negative");
    }
    if (inner < 1) {
      throw new IllegalArgumentException("inner " + inner + ": must be at least 1");
    }
  }

  /**
   * Minimises a control problem.
   *
   * @param control the problem on L layers
   * @param start where to begin; left alone
   * @param rule when to stop; norms are {@link ControlPass#residual}, that of the maximum principle
   * @return the best control found and the way there; evaluations are passes over the network,
   *     those at fixed states included
   */
  public Minimization minimize(DiscreteControl control, double[] start, StoppingRule rule) {
    Minimizer solver = Minimizer.lbfgs(MEMORY, control.metric());
    Minimization.Log log = new Minimization.Log(rule);
    double[] theta = start.clone();
    double weight = rho;
    ControlPass pass = control.pass(theta);
    log.evaluations++;
    while (!log.add(pass.value(), pass.residual())) {
      AugmentedHamiltonian hamiltonian = new AugmentedHamiltonian(control, pass, weight);
      Minimization best =
          solver.minimize(hamiltonian, theta, StoppingRule.atGradient(inner, INNER_TOLERANCE));
      log.evaluations += best.evaluations();
      double[] direction = best.minimiser();
      Vectors.add(-1, theta, direction);
      double slope = Vectors.dot(pass.gradient(), direction);
      double length = 1;
      double[] trial = new double[theta.length];
      ControlPass next;
      int halvings = 0;
      do {
        if (halvings > MOST_HALVINGS || !(slope < 0)) {
          return log.end(theta);
        }
        length = halvings++ == 0 ? 1 : 0.5 * length;
        Vectors.sum(theta, length, direction, trial);
        next = control.pass(trial);
        log.evaluations++;
      } while (!(next.value() <= pass.value() + SUFFICIENT_DECREASE * length * slope));
      weight = halvings > 1 ? 2 * Math.max(weight, LEAST_RHO) : 0.5 * weight;
      System.arraycopy(trial, 0, theta, 0, theta.length);
      pass = next;
    }
    return log.end(theta);
  }
}

/** The engine for densely connected deep networks seen as Volterra integral equations. */
module org.volterra.engine {
  requires jdk.incubator.vector;

  exports org.volterra;
  exports org.volterra.control;
  exports org.volterra.depth;
  exports org.volterra.equation;
  exports org.volterra.feature;
  exports org.volterra.fit;
  exports org.volterra.io;
  exports org.volterra.kernel;
  exports org.volterra.memory;
  exports org.volterra.spi;
  exports org.volterra.study;
  exports org.volterra.sum;
  exports org.volterra.train;

  uses org.volterra.spi.ComputeProvider;
}

package org.volterra.bench;

import java.util.List;
import java.util.Map;

/** What a {@link Study} measured, in the forms that every study has. */
public interface StudyResult {
  /**
   * The name of the study, which result files carry.
   *
   * @return a lower-case word
   */
  String benchmark();

  /**
   * How it was measured.
   *
   * @return repetitions, virtual machine and flags
   */
  Origin origin();

  /**
   * The results in full, for the result file.
   *
   * @return values that Gson can write
   */
  Map<String, Object> content();

  /**
   * The results for people.
   *
   * @return the table
   */
  ResultTable table();

  /**
   * The quantities that one commit is compared with another by; lower is better for all.
   *
   * @return one for each quantity of each point
   */
  List<Measurement> measurements();
}

package org.volterra.memory;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.volterra.spi.ElementType;

/**
 * Where the histories of a workspace are kept under a {@link MemoryBudget}. Immutable; {@link
 * #toString} is one line for people.
 *
 * @param budget the budget
 * @param parts the histories
 */
public record MemoryPlan(MemoryBudget budget, List<Part> parts) {
  /** What happens to a history. */
  public enum Place {
    /** It is kept in memory. */
    MEMORY,
    /** It is kept in a mapped file. */
    FILE,
    /** It is kept in memory of the host, and seen by the device in blocks that are copied. */
    HOST,
    /** A few slices of it are kept in memory; the adjoint computes the others again. */
    RECOMPUTED
  }

  /**
   * A history that a workspace needs.
   *
   * @param name what it is, for people
   * @param type how its numbers are stored
   * @param bytes its size
   * @param recomputedBytes the size of what is left of it when it is computed again; {@code bytes}
   *     if it cannot be
   */
  public record Need(String name, ElementType type, long bytes, long recomputedBytes) {}

  /**
   * A history and its place.
   *
   * @param need the history
   * @param place where it is
   */
  public record Part(Need need, Place place) {
    /**
     * What is allocated for it.
     *
     * @return bytes in memory, in a file or in memory of the host
     */
    public long bytes() {
      return place == Place.RECOMPUTED ? need.recomputedBytes : need.bytes;
    }
  }

  /** Copies the list. */
  public MemoryPlan {
    parts = List.copyOf(parts);
  }

  /**
   * Decides, in this order: everything in memory, if it fits; histories computed again one after
   * the other, or all of them, if that is allowed and makes the rest fit; nothing computed again
   * but histories moved to files, one after the other until the rest fits, if there is a folder;
   * refusal. A history that was moved and for which there turns out to be room after all stays in
   * memory.
   *
   * @param what what needs the memory, for the message of a refusal
   * @param budget the limit
   * @param needs the histories, those that should leave memory first come first
   * @param together whether they can be computed again all together only
   * @return the plan
   * @throws MemoryBudget.MemoryBudgetException if nothing helps
   */
  public static MemoryPlan choose(
      String what, MemoryBudget budget, List<Need> needs, boolean together) {
    return choose(what, budget, needs, together, OptionalLong.empty());
  }

  /**
   * The same for a device with memory of its own that may keep histories in memory of the host:
   * that takes the place of files, for the same histories.
   *
   * @param what what needs the memory, for the message of a refusal
   * @param budget the limit for the device's memory
   * @param needs the histories, those that should leave memory first come first
   * @param together whether they can be computed again all together only
   * @param ring the least device memory through which the others are seen; empty if that is not
   *     possible
   * @return the plan
   * @throws MemoryBudget.MemoryBudgetException if nothing helps
   */
  public static MemoryPlan choose(
      String what, MemoryBudget budget, List<Need> needs, boolean together, OptionalLong ring) {
    Place[] places = new Place[needs.size()];
    Arrays.fill(places, Place.MEMORY);
    long all = inMemory(needs, places);
    if (all <= budget.bytes()) {
      return plan(budget, needs, places);
    }
    for (int i = 0; i < places.length; i++) {
      if (needs.get(i).recomputedBytes < needs.get(i).bytes) {
        places[i] = Place.RECOMPUTED;
        boolean isPossible = !together || i == places.length - 1;
        if (isPossible && budget.recompute() && inMemory(needs, places) <= budget.bytes()) {
          return plan(budget, needs, places);
        }
      }
    }
    if (together && places[places.length - 1] != Place.RECOMPUTED) {
      Arrays.fill(places, Place.MEMORY);
    }
    long least = inMemory(needs, places);
    if (ring.isPresent()) {
      if (ring.getAsLong() > budget.bytes()) {
        throw refusal(what, budget, all, least, ring.getAsLong());
      }
      move(needs, places, Place.HOST, budget.bytes() - ring.getAsLong());
    } else if (budget.spill() != null) {
      move(needs, places, Place.FILE, budget.bytes());
    } else {
      throw refusal(what, budget, all, least, 0);
    }
    return plan(budget, needs, places);
  }

  /** Moves histories until the rest fits. */
  private static void move(List<Need> needs, Place[] places, Place to, long limit) {
    Arrays.fill(places, Place.MEMORY);
    for (int i = 0; inMemory(needs, places) > limit; i++) {
      places[i] = to;
    }
    for (int i = places.length - 1; i >= 0; i--) {
      if (places[i] == to && inMemory(needs, places) + needs.get(i).bytes <= limit) {
        places[i] = Place.MEMORY;
      }
    }
  }

  private static long inMemory(List<Need> needs, Place[] places) {
    long sum = 0;
    for (int i = 0; i < places.length; i++) {
      sum +=
          switch (places[i]) {
            case MEMORY -> needs.get(i).bytes;
            case FILE, HOST -> 0;
            case RECOMPUTED -> needs.get(i).recomputedBytes;
          };
    }
    return sum;
  }

  private static MemoryPlan plan(MemoryBudget budget, List<Need> needs, Place[] places) {
    List<Part> parts = new ArrayList<>();
    for (int i = 0; i < places.length; i++) {
      parts.add(new Part(needs.get(i), places[i]));
    }
    return new MemoryPlan(budget, parts);
  }

  private static MemoryBudget.MemoryBudgetException refusal(
      String what, MemoryBudget budget, long all, long least, long ring) {
    String recomputation =
        least == all
            ? ""
            : String.format(
                Locale.ROOT,
                budget.recompute()
                    ? " (%,d with recomputation)"
                    : " (%,d if recomputation is allowed)",
                least);
    return new MemoryBudget.MemoryBudgetException(
        String.format(
            Locale.ROOT,
            "%s needs %,d bytes of history%s, more than the memory budget of %,d bytes: lower the"
                + " depth, the batch or the channels, raise the budget%s",
            what,
            all,
            recomputation,
            budget.bytes(),
            ring == 0
                ? ", or give a folder to spill to"
                : String.format(
                    Locale.ROOT,
                    " to at least %,d bytes, through which the device sees histories that lie in"
                        + " memory of the host",
                    ring)));
  }

  /**
   * The place of a history.
   *
   * @param name its name
   * @return the place; {@link Place#MEMORY} if there is no history of that name
   */
  public Place place(String name) {
    return parts.stream()
        .filter(p -> p.need.name.equals(name))
        .map(Part::place)
        .findFirst()
        .orElse(Place.MEMORY);
  }

  /**
   * What the histories take together, in memory and in files.
   *
   * @return a count in bytes
   */
  public long historyBytes() {
    return parts.stream().mapToLong(Part::bytes).sum();
  }

  /**
   * What the histories take in files.
   *
   * @return a count in bytes
   */
  public long spilledBytes() {
    return parts.stream().filter(p -> p.place == Place.FILE).mapToLong(Part::bytes).sum();
  }

  /**
   * What the histories take in memory of the host, beside that of a device.
   *
   * @return a count in bytes
   */
  public long offloadedBytes() {
    return parts.stream().filter(p -> p.place == Place.HOST).mapToLong(Part::bytes).sum();
  }

  /**
   * The device memory that histories in memory of the host may be seen through.
   *
   * @return what the others leave of the budget, or 0 if there are none
   */
  public long ringBytes() {
    long kept =
        parts.stream()
            .filter(p -> p.place == Place.MEMORY || p.place == Place.RECOMPUTED)
            .mapToLong(Part::bytes)
            .sum();
    return offloadedBytes() == 0 ? 0 : budget.bytes() - kept;
  }

  /**
   * Whether all histories are kept in memory.
   *
   * @return false if one is recomputed, or lies in a file or in memory of the host
   */
  public boolean isPlain() {
    return parts.stream().allMatch(p -> p.place == Place.MEMORY);
  }

  @Override
  public String toString() {
    String limit =
        budget.bytes() == Long.MAX_VALUE
            ? "no memory budget"
            : String.format(Locale.ROOT, "memory budget %,d bytes", budget.bytes());
    return parts.stream().map(this::describe).collect(Collectors.joining("; ", limit + ": ", ""));
  }

  private String describe(Part part) {
    String type =
        part.need.type.isFloating() ? "" : " of " + part.need.type.name().toLowerCase(Locale.ROOT);
    String bytes =
        String.format(Locale.ROOT, "%s %,d bytes%s", part.need.name, part.need.bytes, type);
    return switch (part.place) {
      case MEMORY -> bytes + " in memory";
      case FILE -> bytes + " in a file in " + budget.spill();
      case HOST -> bytes + " in memory of the host";
      case RECOMPUTED -> bytes + String.format(Locale.ROOT, " recomputed, %,d kept", part.bytes());
    };
  }
}

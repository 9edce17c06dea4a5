package org.volterra.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.volterra.cuda.CudaProbe;

/** Bad input ends with one clear line and the right exit code. */
class BadInputTest {
  @TempDir private Path folder;

  private CommandLineRun train(String... arguments) {
    String[] all = new String[arguments.length + 3];
    all[0] = "train";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    all[all.length - 2] = "--out";
    all[all.length - 1] = folder.resolve("run").toString();
    CommandLineRun run = CommandLineRun.of(all);
    assertThat(folder.resolve("run/model.safetensors")).doesNotExist();
    return run;
  }

  private String file(String name, String content) throws IOException {
    return Files.writeString(folder.resolve(name), content).toString();
  }

  @Test
  void withoutAGpuTheDeviceCudaIsRefusedWithTheReason() {
    if (CudaProbe.run() instanceof CudaProbe.Unavailable missing) {
      String reason = "provider 'cuda' cannot run here: " + missing.reason();
      train("digits", "--device", "cuda").failed(reason);
      CommandLineRun.of("plan", "--device", "cuda").failed(reason);
      CommandLineRun.of("gpu-check").failed(reason);
      CommandLineRun.of("describe", "dnl-8-32", "--device", "cuda").failed(reason);
      CommandLineRun.of("bench", "gpu", "--out", folder.toString()).failed(reason);
      assertThat(CommandLineRun.of("info").succeeded().out())
          .contains("cuda       no   " + missing.reason());
    } else {
      assertThat(CommandLineRun.of("info").succeeded().out()).contains("cuda       yes  ");
    }
  }

  @Test
  void missingFile() {
    String missing = folder.resolve("missing.csv").toString();
    train("--data", missing).failed("no such file: " + missing);
  }

  @Test
  void raggedTable() throws IOException {
    train("--data", file("ragged.csv", "a,b,label\n1,2,0\n3,4\n")).failed("ragged.csv: line 3");
  }

  @Test
  void labelOutOfRange() throws IOException {
    String table = file("labels.csv", "a,b,label\n1,2,0\n3,4,7\n1,2,1\n");
    train("--data", table, "--classes", "3").failed("label of sample 1 is 7: must be in 0..2");
    train("--data", file("half.csv", "a,label\n1,0.5\n")).failed("class labels are whole numbers");
  }

  @Test
  void notANumberInTheData() throws IOException {
    String table = file("nan.csv", "a,b,label\n1,2,0\n3,nan,1\n1,2,1\n");
    train("--data", table).failed("row 2, column 'b' is NaN: all values must be finite");
  }

  @Test
  void truncatedSafetensors() throws IOException {
    Path run = folder.resolve("whole");
    CommandLineRun.of(
            "train",
            "digits",
            "--depth",
            "2",
            "--channels",
            "4",
            "--epochs",
            "1",
            "--out",
            run.toString())
        .succeeded();
    Path checkpoint = run.resolve("checkpoints/epoch-000001.safetensors");
    byte[] bytes = Files.readAllBytes(checkpoint);
    Files.write(checkpoint, java.util.Arrays.copyOf(bytes, bytes.length / 2));
    CommandLineRun.of("train", "--resume", run.toString()).failed("truncated");
  }

  @Test
  void depthZero() {
    train("digits", "--depth", "0").refused("depth 0");
  }

  @Test
  void negativeRate() {
    train("digits", "--rate", "-1").refused("rate -1.0");
  }

  @Test
  void unknownActivation() {
    train("digits", "--activation", "swoosh")
        .refused("'swoosh' is unknown: choose one of identity");
  }

  @Test
  void outputFolderThatCannotBeWritten() throws IOException {
    String occupied = file("occupied", "");
    CommandLineRun.of("train", "digits", "--out", occupied)
        .failed("cannot write to the run folder " + occupied);
    CommandLineRun.of("train", "digits", "--out", "/proc/volterra")
        .failed("cannot write to the run folder /proc/volterra");
  }

  @Test
  void moreHistoryThanTheBudget() {
    train("digits", "--history-budget", "10k")
        .failed("more than the memory budget of 10,240 bytes");
  }

  @Test
  void historyThatCannotBeSpilled() throws IOException {
    String missing = folder.resolve("missing").toString();
    train("digits", "--history-budget", "10k", "--spill", missing)
        .failed("bytes of history in " + missing + ": no such folder");
    String occupied = file("occupied", "");
    train("digits", "--memory-budget", "10k", "--spill", occupied)
        .failed("bytes of history in " + occupied + ": it is not a folder");
    train("digits", "--history-budget", "10k", "--recompute")
        .failed("(2,162,688 with recomputation), more than the memory budget of 10,240 bytes");
    train("digits", "--spill", folder.toString()).refused("--spill: says what to do past a budget");
    train("digits", "--recompute").refused("--recompute: says what to do past a budget");
    train("digits", "--history-budget", "much").refused("history-budget 'much'");
  }

  @Test
  void divergenceNamesEpochBatchAndQuantity() {
    train("digits", "--depth", "2", "--rate", "1e30").failed("epoch 1, batch 2: the output");
  }

  @Test
  void runFolderThatIsTaken() throws IOException {
    Files.createDirectories(folder.resolve("run"));
    Files.writeString(folder.resolve("run/config.json"), "{}");
    train("digits").failed("holds a run already");
    CommandLineRun.of("train", "--resume", folder.resolve("run").toString())
        .failed("is no configuration of a run");
  }

  @Test
  void nothingToResumeFrom() {
    CommandLineRun.of("train", "--resume", folder.resolve("none").toString())
        .failed("no such file");
    CommandLineRun.of("train", "--resume", folder.toString(), "--epochs", "3")
        .refused("--epochs: a resumed run keeps");
  }

  @Test
  void wrongUsage() {
    CommandLineRun.of().refused("say what to do");
    CommandLineRun.of("trian").refused("'trian'");
    CommandLineRun.of("train").refused("say what to train on");
    train("mnist").refused("digits and fractional are bundled");
    train("digits", "--epochs", "many").refused("--epochs");
    train("digits", "--epochs", "0").refused("epochs 0");
    train("digits", "--kernel", "sparse").refused("kernel 'sparse'");
    train("digits", "--optimizer", "magic").refused("optimizer 'magic'");
    train("digits", "--schedule", "magic").refused("schedule 'magic'");
    train("digits", "--loss", "magic").refused("loss 'magic'");
    train("digits", "--provider", "abacus").refused("provider 'abacus'");
    train("digits", "--history-budget", "much").refused("history-budget 'much'");
    train("digits", "--test", "0.5").refused("digits has its own targets and split");
    train("digits", "--threads", "-1").refused("--threads -1");
    train("digits", "--products", "half").refused("products 'half': must be one of float32, tf32");
    train("digits", "--products", "bf16").refused("products in bf16 need --device cuda, not auto");
    train("digits", "--keep", "0").refused("--keep 0");
  }
}

using System.Collections.Immutable;
using Seedance.Onnx.Forecasts;

namespace Seedance.Onnx.Measurement;

/// <summary>What was measured of a <see cref="BenchmarkCase"/>.</summary>
/// <param name="Case">What was done.</param>
/// <param name="Stages">The stages, in the order in which a video goes through them.</param>
/// <param name="First">The time of the first video after opening, from words to file.</param>
/// <param name="Total">The median time of the videos after that.</param>
/// <param name="PeakGflops">10^9 operations a second that products reached around these runs, in the same precision.</param>
/// <param name="MachineGflops">The same in single precision, whatever the case's is: what the machine could do meanwhile.</param>
/// <param name="PeakMemoryBytes">The most memory of this process while it was opened and run, beyond what it had before; null where the system does not tell.</param>
/// <param name="Tokens">Tokens of the prompt.</param>
public sealed record CaseReport(
    BenchmarkCase Case, ImmutableArray<StageMeasure> Stages, TimeSpan First, TimeSpan Total, double PeakGflops, double MachineGflops, long? PeakMemoryBytes, int Tokens)
{
    /// <summary>What <see cref="ProcessorDistance"/> was before the first video that counts and after each, in nanoseconds; none where there is one processor only.</summary>
    public ImmutableArray<double> HandoffNanoseconds { get; init; } = [];

    /// <summary>A stage by its name; null where it was not run.</summary>
    /// <param name="name">The name.</param>
    /// <returns>What was measured.</returns>
    public StageMeasure? Find(string name) => Stages.FirstOrDefault(stage => stage.Name == name);

    /// <summary>
    /// The time of all stages of one video that run graphs as a share of another case's, each undisturbed and in units of what the machine could do meanwhile. So it holds where the machine's mood, or another
    /// program, changes between the two, as far as that can be told apart. Writing the file, most of which is FFmpeg's start, is the same for both; <see cref="Total"/> has it.
    /// </summary>
    /// <param name="other">The other case.</param>
    /// <returns>Below 1 where this one is faster.</returns>
    public double RatioTo(CaseReport other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Effort / other.Effort;
    }

    private double Effort => Stages.Where(stage => !stage.Name.StartsWith(PackBenchmark.Open, StringComparison.Ordinal) && stage.Name != StageWork.Encode).Sum(stage => stage.Undisturbed.TotalSeconds) * MachineGflops;
}

namespace Seedance.Onnx;

/// <summary>What a stage took.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Elapsed">Wall-clock time spent in it.</param>
/// <param name="Runs">How often its graph ran, or, for <see cref="GenerationStage.Encode"/>, how many frames were handed to FFmpeg.</param>
/// <param name="InRuns">How much of it was spent inside those runs of its graph; 0 for <see cref="GenerationStage.Encode"/>. The rest is this library's own.</param>
public sealed record StageReport(GenerationStage Stage, TimeSpan Elapsed, int Runs, TimeSpan InRuns = default)
{
    /// <summary>Runs of <see cref="GenerationStage.Denoise"/> that the plan has and that were left out, because the request lets them be.</summary>
    public int Skipped { get; init; }
}

using Seedance.Onnx.Ort;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx;

/// <summary>A video that was saved, and what making it took.</summary>
/// <param name="Path">The file's full path.</param>
/// <param name="Plan">What was done.</param>
/// <param name="Stages">What each stage took, in order.</param>
/// <param name="Graphs">What each graph ran on, in the order in which they ran.</param>
/// <param name="Skipped">Providers that were preferred and cannot be had here, and why.</param>
/// <param name="Notices">What worked otherwise than was asked for, and why.</param>
public sealed record VideoFile(
    string Path,
    GenerationPlan Plan,
    IReadOnlyList<StageReport> Stages,
    IReadOnlyList<GraphReport> Graphs,
    IReadOnlyList<SkippedProvider> Skipped,
    IReadOnlyList<string> Notices)
{
    /// <summary>Frames of the video: those of an input video too, where they come first.</summary>
    public required int Frames { get; init; }

    /// <summary>Time of all stages together; frames are written while later ones are decoded, so that less may have passed on the clock.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(Stages.Sum(stage => stage.Elapsed.Ticks));
}

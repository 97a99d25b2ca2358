using System.Diagnostics;
using Seedance.Onnx.Media;

namespace Seedance.Onnx.Stages;

/// <summary>Makes the frames of one video larger while they are decoded, and hands them on: the stage <see cref="GenerationStage.Upscale"/>.</summary>
/// <param name="run">What is made.</param>
/// <param name="stage">Counts the graph's runs.</param>
/// <param name="chain">Enlarges them.</param>
/// <param name="take">Gets the large frames in order.</param>
internal sealed class CascadeRun(GenerationRun run, UpscaleStage stage, UpscaleChain chain, Action<VideoFrame> take) : IDisposable
{
    private readonly StageRun _stage = new(run.Clock, GenerationStage.Upscale);
    private readonly long _began = Stopwatch.GetTimestamp();

    /// <summary>The time that was spent here, and not where the frames come from.</summary>
    public TimeSpan Elapsed { get; private set; }

    /// <summary>Takes the next frame.</summary>
    public void Add(VideoFrame frame, CancellationToken cancellationToken) => Measure(() => chain.Add(frame, cancellationToken));

    /// <summary>No frame follows.</summary>
    public void End(CancellationToken cancellationToken) => Measure(() => chain.End(cancellationToken));

    public void Dispose()
    {
        _stage.Count(stage.Runs, stage.InRuns);
        _stage.LeaveOut(Stopwatch.GetElapsedTime(_began) - Elapsed);
        _stage.Dispose();
    }

    private void Measure(Func<IReadOnlyList<VideoFrame>> enlarge)
    {
        long began = Stopwatch.GetTimestamp();
        IReadOnlyList<VideoFrame> frames = enlarge();
        Elapsed += Stopwatch.GetElapsedTime(began);
        foreach (VideoFrame frame in frames)
        {
            run.Events.Progress?.Report(new GenerationProgress(GenerationStage.Upscale, frame.Index + 1, run.Plan.Frames));
            take(frame);
        }
    }
}

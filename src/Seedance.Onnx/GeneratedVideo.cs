using System.Diagnostics;
using Seedance.Onnx.Media;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Stages;

namespace Seedance.Onnx;

/// <summary>A video that is made while it is read: enumerate its frames, or save it. Each enumeration makes it anew.</summary>
/// <remarks>It borrows the pipeline, which must not be disposed before the enumeration ends. Frames come as they are decoded, while later ones are still being made.</remarks>
public sealed class GeneratedVideo : IAsyncEnumerable<VideoFrame>
{
    private readonly VideoPipeline _pipeline;
    private readonly GenerationEvents _events;
    private readonly ReadOnlyMemory<float>? _latents;
    private readonly CancellationToken _cancellationToken;

    internal GeneratedVideo(VideoPipeline pipeline, GenerationPlan plan, ReadOnlyMemory<float>? latents, GenerationEvents events, CancellationToken cancellationToken)
    {
        _pipeline = pipeline;
        _latents = latents;
        _events = events;
        _cancellationToken = cancellationToken;
        Plan = plan;
    }

    /// <summary>What will be done.</summary>
    public GenerationPlan Plan { get; }

    /// <summary>Makes the frames in order.</summary>
    /// <param name="cancellationToken">Stops the generation, inside a step too; so does the token given to the pipeline.</param>
    /// <returns>The frames. Where both tokens can be cancelled, the exception carries a token that stands for both.</returns>
    public IAsyncEnumerator<VideoFrame> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
        _pipeline.RunAsync(NewRun(), _cancellationToken).GetAsyncEnumerator(cancellationToken);

    /// <summary>Makes the video and saves it. The format follows the name: .mp4 (H.264), .webm (VP9) or .gif; a name that ends like a folder's is a folder of PNG pictures.</summary>
    /// <param name="path">The file; replaced if it exists, and only once the new one is whole.</param>
    /// <param name="cancellationToken">Stops the generation, inside a step too; so does the token given to the pipeline.</param>
    /// <returns>The file and what it took.</returns>
    /// <inheritdoc cref="SaveAsync(SaveRequest, CancellationToken)" path="/exception"/>
    public Task<VideoFile> SaveAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return SaveAsync(new SaveRequest { Path = path }, cancellationToken);
    }

    /// <summary>Makes the video and saves it.</summary>
    /// <param name="saving">Where, and how.</param>
    /// <param name="cancellationToken">Stops the generation, inside a step too; so does the token given to the pipeline.</param>
    /// <returns>The file and what it took.</returns>
    /// <exception cref="MediaException">The path cannot be written, FFmpeg failed, or the disk is full; checked as far as possible before any graph runs.</exception>
    /// <exception cref="ExecutionTargetException">FFmpeg is missing.</exception>
    /// <exception cref="InvalidRequestException">The prompt has more tokens than the pack's text encoder reads, or the format cannot hold the video.</exception>
    /// <exception cref="GraphExecutionException">A graph failed.</exception>
    /// <exception cref="OperationCanceledException">A token was cancelled; nothing is left behind.</exception>
    public async Task<VideoFile> SaveAsync(SaveRequest saving, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(saving);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(_cancellationToken, cancellationToken);
        try
        {
            return await SaveAsync(saving, either).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (either.IsCancellationRequested)
        {
            throw new OperationCanceledException(e.Message, e, cancellationToken.IsCancellationRequested ? cancellationToken : _cancellationToken);
        }
    }

    private GenerationRun NewRun() => new(Plan, _latents, _events, new StageClock());

    private async Task<VideoFile> SaveAsync(SaveRequest saving, CancellationTokenSource either)
    {
        CancellationToken token = either.Token;
        FFmpegTool tool = FFmpegTool.Find(_pipeline.Options.FFmpeg);
        GenerationRun run = NewRun();
        VideoEncoding encoding = new()
        {
            Format = saving.Format,
            Quality = saving.Quality,
            FrameRate = saving.FrameRate,
            Metadata = GenerationRecord.Of(Plan, _pipeline.Pack).ToMetadata(),
        };
        if (saving.LastFramePath is { } lastPath)
        {
            VideoWriter.CheckWritable(lastPath);
        }

        VideoFrame? last = null;
        VideoWriter writer = VideoWriter.Open(tool, saving.Path, Plan.OutputSize, new FrameRate(Plan.Fps), encoding);
        await using (writer.ConfigureAwait(false))
        {
            await foreach (VideoFrame frame in _pipeline.RunAsync(run, token).ConfigureAwait(false))
            {
                long began = Stopwatch.GetTimestamp();
                await writer.WriteAsync(frame, token).ConfigureAwait(false);
                run.Clock.Add(GenerationStage.Encode, began, runs: 1);
                _events.Progress?.Report(new GenerationProgress(GenerationStage.Encode, frame.Index + 1, Math.Max(Plan.OutputFrames, frame.Index + 1), Plan.WindowOf(frame.Index), Plan.Windows.Length));
                last = frame;
            }

            using StageRun ending = new(run.Clock, GenerationStage.Encode);
            await writer.CompleteAsync(token).ConfigureAwait(false);
            if (saving.LastFramePath is { } path)
            {
                await new ImageWriter(tool).WriteAsync(path, last!, token).ConfigureAwait(false);
            }
        }

        return new VideoFile(writer.FilePath, Plan, run.Clock.Reports, _pipeline.Graphs, _pipeline.Skipped, [.. Plan.Notices, .. RateNotices(saving), .. _pipeline.Notices]) { Frames = last!.Index + 1 };
    }

    private IEnumerable<string> RateNotices(SaveRequest saving) => saving.FrameRate is { } rate && rate != new FrameRate(Plan.Fps)
        ? [$"The pack makes {Plan.Fps} frames a second; at {rate} they are {(rate.FramesPerSecond > Plan.Fps ? "repeated" : "left out")} to keep the time."]
        : [];
}

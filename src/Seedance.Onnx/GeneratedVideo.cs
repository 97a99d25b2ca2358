using System.Diagnostics;
using Seedance.Onnx.Media;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Stages;

namespace Seedance.Onnx;

/// <summary>A video that is made while it is read: enumerate its frames, or save it. Each enumeration makes it anew.</summary>
/// <remarks>It borrows the pipeline, which must not be disposed before the enumeration ends.</remarks>
public sealed class GeneratedVideo : IAsyncEnumerable<VideoFrame>
{
    private readonly VideoPipeline _pipeline;
    private readonly IProgress<GenerationProgress>? _progress;
    private readonly CancellationToken _cancellationToken;

    internal GeneratedVideo(VideoPipeline pipeline, GenerationPlan plan, IProgress<GenerationProgress>? progress, CancellationToken cancellationToken)
    {
        _pipeline = pipeline;
        _progress = progress;
        _cancellationToken = cancellationToken;
        Plan = plan;
    }

    /// <summary>What will be done.</summary>
    public GenerationPlan Plan { get; }

    /// <summary>Makes the frames in order.</summary>
    /// <param name="cancellationToken">Stops the generation, inside a step too; so does the token given to <see cref="VideoPipeline.GenerateAsync"/>.</param>
    /// <returns>The frames. Where both tokens can be cancelled, the exception carries a token that stands for both.</returns>
    public IAsyncEnumerator<VideoFrame> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
        _pipeline.RunAsync(Plan, new StageClock(), _progress, _cancellationToken).GetAsyncEnumerator(cancellationToken);

    /// <summary>Makes the video and saves it. The format follows the name: .mp4 (H.264), .webm (VP9) or .gif.</summary>
    /// <param name="path">The file; replaced if it exists, and only once the new one is whole.</param>
    /// <param name="cancellationToken">Stops the generation, inside a step too; so does the token given to <see cref="VideoPipeline.GenerateAsync"/>.</param>
    /// <returns>The file and what it took.</returns>
    /// <exception cref="MediaException">The path cannot be written, FFmpeg failed, or the disk is full; checked as far as possible before any graph runs.</exception>
    /// <exception cref="ExecutionTargetException">FFmpeg is missing.</exception>
    /// <exception cref="InvalidRequestException">The prompt has more tokens than the pack's text encoder reads.</exception>
    /// <exception cref="GraphExecutionException">A graph failed.</exception>
    /// <exception cref="OperationCanceledException">A token was cancelled; nothing is left behind.</exception>
    public async Task<VideoFile> SaveAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(_cancellationToken, cancellationToken);
        try
        {
            return await SaveAsync(path, either).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (either.IsCancellationRequested)
        {
            throw new OperationCanceledException(e.Message, e, cancellationToken.IsCancellationRequested ? cancellationToken : _cancellationToken);
        }
    }

    private async Task<VideoFile> SaveAsync(string path, CancellationTokenSource either)
    {
        CancellationToken token = either.Token;
        FFmpegTool tool = FFmpegTool.Find(_pipeline.Options.FFmpeg);
        StageClock clock = new();
        VideoEncoding encoding = new() { Metadata = Provenance.Of(Plan, _pipeline.Pack) };
        VideoWriter writer = VideoWriter.Open(tool, path, Plan.Size, new FrameRate(Plan.Fps), encoding);
        await using (writer.ConfigureAwait(false))
        {
            await foreach (VideoFrame frame in _pipeline.RunAsync(Plan, clock, _progress, token).ConfigureAwait(false))
            {
                long began = Stopwatch.GetTimestamp();
                await writer.WriteAsync(frame, token).ConfigureAwait(false);
                clock.Add(GenerationStage.Encode, began, runs: 1);
                _progress?.Report(new GenerationProgress(GenerationStage.Encode, frame.Index + 1, Plan.Frames));
            }

            long ended = Stopwatch.GetTimestamp();
            await writer.CompleteAsync(token).ConfigureAwait(false);
            clock.Add(GenerationStage.Encode, ended, runs: 0);
        }

        return new VideoFile(writer.FilePath, Plan, clock.Reports, _pipeline.Graphs, _pipeline.Skipped, _pipeline.Notices);
    }
}

using Seedance.Onnx.Execution;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Media;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Stages;

namespace Seedance.Onnx;

/// <summary>Makes videos larger with the graph of a pack that does so. Loads no other graph.</summary>
/// <remarks>The opener disposes it. Frames are read, enlarged and written a few at a time, in tiles, so that memory does not grow with the video's length or size. One video at a time.</remarks>
public sealed class VideoUpscaler : IDisposable
{
    private static readonly string[] Kept = ["title", "comment"];

    private readonly GraphSession _session;
    private readonly UpscaleStage _stage;
    private readonly FFmpegTool _tool;
    private readonly WorkThreads _thread = new(1);
    private readonly string _pack;

    private VideoUpscaler(GraphSession session, FFmpegTool tool, string pack, int scale)
    {
        _session = session;
        _stage = new UpscaleStage(session);
        _tool = tool;
        _pack = pack;
        Scale = scale;
    }

    /// <summary>How many times larger one pass makes a frame, both ways.</summary>
    public int Scale { get; }

    /// <summary>Opens a pack's graph.</summary>
    /// <param name="packPath">The pack's folder, which holds seedance.json.</param>
    /// <param name="options">How to run; the defaults if not specified.</param>
    /// <param name="cancellationToken">Stops the opening.</param>
    /// <returns>The upscaler; the caller disposes it.</returns>
    /// <exception cref="ArgumentException">An option is out of its range; every such option is named.</exception>
    /// <exception cref="ModelPackException">The folder is no usable pack, or has no graph 'upscaler'.</exception>
    /// <exception cref="ExecutionTargetException">FFmpeg is missing, ONNX Runtime does not load here, or none of the providers asked for can be had.</exception>
    /// <exception cref="GraphExecutionException">The graph does not enlarge frames.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static Task<VideoUpscaler> OpenAsync(string packPath, PipelineOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(packPath);
        options ??= new PipelineOptions();
        IReadOnlyList<string> problems = options.FindProblems();
        return problems.Count == 0
            ? OwnThread.RunAsync(() => Open(packPath, options, cancellationToken), cancellationToken)
            : throw new ArgumentException(string.Join(' ', problems), nameof(options));
    }

    /// <summary>Makes a video larger and saves it. Sound is not kept; how the video was made is.</summary>
    /// <param name="videoPath">The video.</param>
    /// <param name="saving">Where the larger one goes, and how.</param>
    /// <param name="scale">How many times larger both sides become: <see cref="Scale"/>, or its square in two passes. <see cref="Scale"/> if not specified.</param>
    /// <param name="progress">Told after every frame; nobody if not specified.</param>
    /// <param name="cancellationToken">Stops it; nothing is left behind.</param>
    /// <returns>The file.</returns>
    /// <exception cref="InvalidRequestException">The pack's graph makes no video so many times larger, or the format cannot hold it.</exception>
    /// <exception cref="MediaException">The video cannot be read, or the other cannot be written.</exception>
    /// <exception cref="GraphExecutionException">The graph failed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<UpscaledVideo> UpscaleAsync(
        string videoPath, SaveRequest saving, int? scale = null, IProgress<GenerationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(videoPath);
        ArgumentNullException.ThrowIfNull(saving);
        int passes = scale is null || scale == Scale ? 1 : scale == Scale * Scale ? 2 : throw new InvalidRequestException([
            $"The scale must be {Scale}, or {Scale * Scale} in two passes, with pack '{_pack}', but is {scale}. Choose one of them."]);
        VideoReader reader = new(_tool);
        VideoInfo info = await reader.ProbeAsync(videoPath, cancellationToken).ConfigureAwait(false);
        int larger = passes == 1 ? Scale : Scale * Scale;
        VideoSize size = new(checked(info.Size.Width * larger), checked(info.Size.Height * larger));
        VideoEncoding encoding = new() { Format = saving.Format, Quality = saving.Quality, FrameRate = saving.FrameRate, Metadata = Told(info) };
        VideoWriter writer = VideoWriter.Open(_tool, saving.Path, size, info.FrameRate, encoding);
        int written = 0;
        await using (writer.ConfigureAwait(false))
        {
            UpscaleChain chain = new(_stage, Scale, passes);
            VideoFrame? last = null;
            await foreach (VideoFrame frame in reader.ReadAsync(videoPath, cancellationToken: cancellationToken).ConfigureAwait(false))
            {
                await WriteAsync(await _thread.RunAsync(() => chain.Add(frame, cancellationToken), cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
            }

            await WriteAsync(await _thread.RunAsync(() => chain.End(cancellationToken), cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
            await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
            if (saving.LastFramePath is { } path)
            {
                await new ImageWriter(_tool).WriteAsync(path, last!, cancellationToken).ConfigureAwait(false);
            }

            async Task WriteAsync(IReadOnlyList<VideoFrame> frames)
            {
                foreach (VideoFrame frame in frames)
                {
                    await writer.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
                    written++;
                    progress?.Report(new GenerationProgress(GenerationStage.Encode, written, Math.Max(info.FrameCount, written)));
                    last = frame;
                }
            }
        }

        return new UpscaledVideo(writer.FilePath, size, written, info.HasAudio ? ["The video's sound is not in the larger one."] : []);
    }

    /// <summary>Frees the graph.</summary>
    public void Dispose()
    {
        _thread.Dispose();
        _session.Dispose();
    }

    /// <summary>Title and comment of the video: how it was made is still how it was made.</summary>
    private static Dictionary<string, string> Told(VideoInfo info) =>
        Kept.Where(info.Metadata.ContainsKey).ToDictionary(name => name, name => info.Metadata[name], StringComparer.Ordinal);

    private static VideoUpscaler Open(string packPath, PipelineOptions options, CancellationToken cancellationToken)
    {
        ModelPack pack = ModelPack.Open(packPath);
        GraphContract contract = pack.Contract.FindGraph(GraphRoles.Upscaler)
            ?? throw new ModelPackException(pack.Folder, $"graph '{GraphRoles.Upscaler}' must be there, but is missing from seedance.json: this pack makes no video larger. Use a pack that has one.");
        if (options.VerifyFiles)
        {
            pack.VerifyFiles(cancellationToken);
        }

        FFmpegTool tool = FFmpegTool.Find(options.FFmpeg);
        ExecutionTarget target = options.Target.Over(options.Host.Execution).Over(pack.Contract.Execution);
        GraphSession session = GraphSession.Open(pack.Folder, contract, target.ForGraph(GraphRoles.Upscaler));
        try
        {
            return new VideoUpscaler(session, tool, pack.Contract.Name, new UpscaleStage(session).FindScale(cancellationToken));
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }
}

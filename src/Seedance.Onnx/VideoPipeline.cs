using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Media;
using Seedance.Onnx.Memory;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Stages;

namespace Seedance.Onnx;

/// <summary>A pack that is loaded and makes videos.</summary>
/// <remarks>
/// The opener disposes it. Any number of callers may ask at once: <see cref="PipelineOptions.ConcurrentGenerations"/> of them are served, the others wait
/// for their turn. They share the graphs with their weights, which several pipelines of one pack do not; all pipelines of a process that ask for the same
/// number of threads share one pool.
/// <code>
/// await using VideoPipeline pipeline = await VideoPipeline.OpenAsync("onnx/seedance-mini");
/// VideoFile file = await pipeline.GenerateAsync(new VideoRequest { Prompt = "a red ball moves to the right" }).SaveAsync("red.mp4");
/// </code>
/// </remarks>
public sealed class VideoPipeline : IAsyncDisposable
{
    private readonly GraphSessions _sessions;
    private readonly TextStage _text;
    private readonly DenoiseStage _denoise;
    private readonly DecodeStage _decode;
    private readonly ILogger _logger;

    [SuppressMessage("Reliability", "CA2213", Justification = "A caller that waits for its turn must get it to find the pipeline disposed; nothing here is native.")]
    private readonly SemaphoreSlim _turns;

    private readonly MemoryModel _memory;
    private readonly long? _memoryLimit;

    private bool _disposed;

    private VideoPipeline(ModelPack pack, PipelineOptions options, GraphSessions sessions, MemoryModel memory, long? memoryLimit)
    {
        _turns = new SemaphoreSlim(options.ConcurrentGenerations, options.ConcurrentGenerations);
        _memory = memory;
        _memoryLimit = memoryLimit;
        Pack = pack;
        Options = options;
        _sessions = sessions;
        Graphs = sessions.Reports;
        Skipped = sessions.Skipped;
        Notices = sessions.Notices;
        _text = new TextStage(sessions[GraphRoles.Tokenizer], sessions[GraphRoles.TextEncoder], pack.Contract.MaxTokens);
        _denoise = new DenoiseStage(sessions[GraphRoles.Transformer], sessions.Find(GraphRoles.SecondTransformer), pack.Contract.TransformerChannels);
        _decode = new DecodeStage(sessions[GraphRoles.VaeDecoder], pack.Contract.Latents);
        _logger = (options.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger<VideoPipeline>();
        PipelineLog.Opened(_logger, pack.Contract.Name, sessions[GraphRoles.Transformer].Target.Provider.ToName());
        foreach (SkippedProvider skipped in Skipped)
        {
            PipelineLog.Skipped(_logger, skipped.Provider.ToName(), skipped.Reason);
        }

        foreach (string notice in Notices)
        {
            PipelineLog.Notice(_logger, notice);
        }
    }

    /// <summary>The pack that makes the videos.</summary>
    public ModelPack Pack { get; }

    /// <summary>What each graph runs on, in the order in which they run.</summary>
    public IReadOnlyList<GraphReport> Graphs { get; }

    /// <summary>Providers that <see cref="PipelineOptions.Target"/> prefers and that cannot be had here, and why.</summary>
    public IReadOnlyList<SkippedProvider> Skipped { get; }

    /// <summary>What works otherwise than was asked for, and why: engines that cannot be kept, for example. Mostly empty.</summary>
    public IReadOnlyList<string> Notices { get; }

    /// <summary>The options that it was opened with.</summary>
    internal PipelineOptions Options { get; }

    /// <summary>Opens a pack: reads its contract, compares its files with their sums, and loads its graphs.</summary>
    /// <param name="packPath">The pack's folder, which holds seedance.json.</param>
    /// <param name="options">How to run; the defaults if not specified.</param>
    /// <param name="cancellationToken">Stops the opening.</param>
    /// <returns>The pipeline; the caller disposes it.</returns>
    /// <exception cref="ArgumentException">An option is out of its range; every such option is named.</exception>
    /// <exception cref="ModelPackException">The folder is no usable pack; the error lists every problem found.</exception>
    /// <exception cref="ExecutionTargetException">ONNX Runtime does not load here, none of the providers asked for can be had, or the weights take more memory than they may.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static Task<VideoPipeline> OpenAsync(string packPath, PipelineOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(packPath);
        options ??= new PipelineOptions();
        IReadOnlyList<string> problems = options.FindProblems();
        return problems.Count == 0
            ? Task.Run(() => Open(packPath, options, cancellationToken), cancellationToken)
            : throw new ArgumentException(string.Join(' ', problems), nameof(options));
    }

    /// <summary>Plans a video and returns it, to be made as it is read.</summary>
    /// <param name="request">What to make.</param>
    /// <param name="progress">Told after every step and frame, from the thread that works; nobody if not specified.</param>
    /// <param name="cancellationToken">Stops the generation, inside a step too.</param>
    /// <returns>The video; nothing heavy has run yet.</returns>
    /// <exception cref="InvalidRequestException">The pack cannot carry the request out, and every problem is listed; or the video is planned to take more memory than it may.</exception>
    /// <exception cref="ObjectDisposedException">The pipeline was disposed.</exception>
    public GeneratedVideo GenerateAsync(VideoRequest request, IProgress<GenerationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        GenerationPlan plan = GenerationPlan.Create(request, Pack);
        return _memoryLimit is { } limit && _memory.FindProblem(plan, limit, Options.ConcurrentGenerations) is { } problem
            ? throw new InvalidRequestException([problem])
            : new GeneratedVideo(this, plan, progress, cancellationToken);
    }

    /// <summary>Plans the memory that a video takes: reads the graphs, but runs none. Takes a moment for each new size and length.</summary>
    /// <param name="request">What would be made.</param>
    /// <returns>What it is planned to take.</returns>
    /// <exception cref="InvalidRequestException">The pack cannot carry the request out; every problem is listed.</exception>
    public MemoryPlan PlanMemory(VideoRequest request) => _memory.Of(GenerationPlan.Create(request, Pack));

    /// <summary>Frees the graphs, once a run that is under way has ended.</summary>
    /// <returns>When it is done.</returns>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        for (int i = 0; i < Options.ConcurrentGenerations; i++)
        {
            await _turns.WaitAsync().ConfigureAwait(false);
        }

        _sessions.Dispose();
        _ = _turns.Release(Options.ConcurrentGenerations); // whoever came meanwhile gets a turn, and finds the pipeline disposed
    }

    /// <summary>Carries a plan out, stage by stage.</summary>
    internal async IAsyncEnumerable<VideoFrame> RunAsync(
        GenerationPlan plan, StageClock clock, IProgress<GenerationProgress>? progress, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        await _turns.WaitAsync(cancellationToken).ConfigureAwait(false);
        VideoFrame[] frames;
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            frames = await Task.Run(() => MakeFrames(plan, clock, progress, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _ = _turns.Release();
        }

        foreach (VideoFrame frame in frames)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return frame;
        }
    }

    /// <summary>The stages up to denoising: normalised latents, [C, f, h, w].</summary>
    internal float[] MakeLatents(GenerationPlan plan, StageClock clock, IProgress<GenerationProgress>? progress, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        using TextCondition text = _text.Run(plan.Prompts, cancellationToken);
        clock.Add(GenerationStage.Text, began, runs: 1);
        progress?.Report(new GenerationProgress(GenerationStage.Text, 1, 1));

        began = Stopwatch.GetTimestamp();
        float[] latents = _denoise.Run(plan, text, progress, cancellationToken);
        clock.Add(GenerationStage.Denoise, began, plan.Solver.Steps.Length);
        return latents;
    }

    private VideoFrame[] MakeFrames(GenerationPlan plan, StageClock clock, IProgress<GenerationProgress>? progress, CancellationToken cancellationToken)
    {
        float[] latents = MakeLatents(plan, clock, progress, cancellationToken);
        long began = Stopwatch.GetTimestamp();
        VideoFrame[] frames = _decode.Run(plan, latents, cancellationToken);
        clock.Add(GenerationStage.Decode, began, runs: 1);
        progress?.Report(new GenerationProgress(GenerationStage.Decode, frames.Length, frames.Length));
        PipelineLog.Generated(_logger, plan.Frames, plan.Size, plan.Seed);
        return frames;
    }

    private static void RequireSinglePrecision(ModelPack pack)
    {
        List<string> problems = [.. from role in pack.Contract.RunRoles
                                    let graph = pack.Contract.FindGraph(role)
                                    where graph is not null
                                    from tensor in graph.Inputs.Concat(graph.Outputs)
                                    where tensor.ElementType.IsFloat() && tensor.ElementType != ElementType.Float32
                                    select $"Tensor '{tensor.Name}' of graph '{role}' must be float32, but is {tensor.ElementType.ToName()}. Export the graph with float32 inputs and outputs."];
        if (problems.Count > 0)
        {
            throw new ModelPackException(pack.Folder, problems);
        }
    }

    private static VideoPipeline Open(string packPath, PipelineOptions options, CancellationToken cancellationToken)
    {
        ModelPack pack = ModelPack.Open(packPath);
        if (options.VerifyFiles)
        {
            pack.VerifyFiles(cancellationToken);
        }

        RequireSinglePrecision(pack);
        ExecutionTarget target = options.Target.Over(options.Host.Execution).Over(pack.Contract.Execution);
        MemoryModel memory = new(pack);
        long? limit = options.MemoryLimitBytes ?? options.Host.MemoryLimitBytes;
        if (limit < memory.WeightBytes)
        {
            throw new ExecutionTargetException($"The memory for pack '{pack.Contract.Name}' must be above {MemoryModel.MiB(memory.WeightBytes)} MiB, which its weights take, but the limit is {MemoryModel.MiB(limit.Value)} MiB. Raise it.");
        }

        GraphSessions sessions = GraphSessions.Open(pack, target, options.Host.CacheFolder ?? EngineCache.DefaultFolder, cancellationToken);
        return new VideoPipeline(pack, options, sessions, memory, limit);
    }
}

using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Seedance.Onnx.Costs;
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
public sealed partial class VideoPipeline : IAsyncDisposable
{
    private readonly GraphSessions _sessions;
    private readonly GenerationPlanner _planner;
    private readonly StageSequence _stages;
    private readonly ILogger _logger;

    [SuppressMessage("Reliability", "CA2213", Justification = "A caller that waits for its turn must get it to find the pipeline disposed; nothing here is native.")]
    private readonly SemaphoreSlim _turns;
    private readonly WorkThreads _threads;

    private bool _disposed;

    private VideoPipeline(GenerationPlanner planner, PipelineOptions options, GraphSessions sessions)
    {
        _turns = new SemaphoreSlim(options.ConcurrentGenerations, options.ConcurrentGenerations);
        _threads = new WorkThreads(options.ConcurrentGenerations);
        _planner = planner;
        Options = options;
        _sessions = sessions;
        Skipped = sessions.Skipped;
        Notices = sessions.Notices;
        _stages = new StageSequence(Pack, sessions, planner.Memory);
        _logger = (options.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger<VideoPipeline>();
        PipelineLog.Opened(_logger, Pack.Contract.Name, sessions[Pack.Contract.Sampled(undistilled: false).Sampling.Transformer].Target.Provider.ToName());
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
    public ModelPack Pack => _planner.Pack;

    /// <summary>What each loaded graph runs on, in the order in which they run. Those that not every video needs are loaded with the first that does.</summary>
    public IReadOnlyList<GraphReport> Graphs => _sessions.Reports;

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
            ? OwnThread.RunAsync(() => Open(packPath, options, cancellationToken), cancellationToken)
            : throw new ArgumentException(string.Join(' ', problems), nameof(options));
    }

    /// <summary>Plans a video, to be looked at or carried out. Images are looked at too.</summary>
    /// <param name="request">What is wanted.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="InvalidRequestException">The pack cannot carry the request out, an image cannot be read, or the video would take more memory than it may; every problem is listed.</exception>
    /// <exception cref="ExecutionTargetException">There are images, and FFmpeg is missing.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task<GenerationPlan> PlanAsync(VideoRequest request, CancellationToken cancellationToken = default) => _planner.PlanAsync(request, cancellationToken);

    /// <summary>Plans a video and returns it, to be made as it is read. Where the request has images, it waits until FFmpeg has looked at them; <see cref="PlanAsync"/> does so without blocking.</summary>
    /// <param name="request">What to make.</param>
    /// <param name="progress">Told after every step and frame, from the thread that works; nobody if not specified.</param>
    /// <param name="cancellationToken">Stops the generation, inside a step too.</param>
    /// <returns>The video; nothing heavy has run yet.</returns>
    /// <exception cref="InvalidRequestException">The pack cannot carry the request out, and every problem is listed; or the video is planned to take more memory than it may.</exception>
    /// <exception cref="ObjectDisposedException">The pipeline was disposed.</exception>
    public GeneratedVideo GenerateAsync(VideoRequest request, IProgress<GenerationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return GenerateAsync(_planner.Plan(request), new GenerationEvents { Progress = progress }, cancellationToken);
    }

    /// <summary>Returns the video of a plan, to be made as it is read.</summary>
    /// <param name="plan">A plan of this pipeline's pack.</param>
    /// <param name="events">What the caller wants to hear of meanwhile; nothing if not specified.</param>
    /// <param name="cancellationToken">Stops the generation, inside a step too.</param>
    /// <returns>The video; nothing heavy has run yet.</returns>
    /// <exception cref="ObjectDisposedException">The pipeline was disposed.</exception>
    public GeneratedVideo GenerateAsync(GenerationPlan plan, GenerationEvents? events = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ObjectDisposedException.ThrowIf(_disposed, this);
        foreach (string notice in plan.Notices)
        {
            PipelineLog.Notice(_logger, notice);
        }

        return new GeneratedVideo(this, plan, latents: null, events ?? new GenerationEvents(), cancellationToken);
    }

    /// <summary>Makes several videos of a plan, with seeds that follow one another, and returns the one that the pack's reward graph thinks best of. Its latents are kept, and decoded once more as it is read.</summary>
    /// <param name="plan">A plan of this pipeline's pack; its seed is the first.</param>
    /// <param name="candidates">How many are made, at least 2.</param>
    /// <param name="events">What the caller wants to hear of, of all of them; nothing if not specified.</param>
    /// <param name="cancellationToken">Stops it, inside a step too.</param>
    /// <returns>The best, and what was thought of each.</returns>
    /// <exception cref="InvalidRequestException">The pack has no graph to choose by, or the video is longer than a clip or goes on from another, so that it is not judged whole.</exception>
    /// <exception cref="GraphExecutionException">A graph failed, or a score is not from 0 to 1.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The pipeline was disposed.</exception>
    public Task<BestOfVideo> ChooseAsync(GenerationPlan plan, int candidates, GenerationEvents? events = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentOutOfRangeException.ThrowIfLessThan(candidates, 2);
        ObjectDisposedException.ThrowIf(_disposed, this);
        CandidateChoice.Require(Pack.Contract, plan, candidates);
        return new CandidateChoice(this, plan, events ?? new GenerationEvents()).ChooseAsync(candidates, cancellationToken);
    }

    /// <summary>Returns the video of latents that are there already, to be decoded as it is read.</summary>
    /// <param name="clip">Latents of this pipeline's pack.</param>
    /// <param name="events">What the caller wants to hear of meanwhile; nothing if not specified.</param>
    /// <param name="cancellationToken">Stops the decoding.</param>
    /// <returns>The video; nothing heavy has run yet.</returns>
    /// <exception cref="ArgumentException">Another pack made the latents.</exception>
    /// <exception cref="ObjectDisposedException">The pipeline was disposed.</exception>
    public GeneratedVideo DecodeAsync(LatentClip clip, GenerationEvents? events = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(clip);
        ObjectDisposedException.ThrowIf(_disposed, this);
        return clip.Pack.Sum == Pack.Sum
            ? new GeneratedVideo(this, clip.Plan, clip.Values, events ?? new GenerationEvents(), cancellationToken)
            : throw new ArgumentException($"The latents must be of pack '{Pack.Contract.Name}' as it is open here, but another one made them. Open that one.", nameof(clip));
    }

    /// <summary>Plans the memory that a video takes: reads the graphs, but runs none. Takes a moment for each new size and length.</summary>
    /// <param name="request">What would be made.</param>
    /// <returns>What it is planned to take.</returns>
    /// <exception cref="InvalidRequestException">The pack cannot carry the request out; every problem is listed.</exception>
    public MemoryPlan PlanMemory(VideoRequest request) => _planner.PlanMemory(GenerationPlan.Create(request, Pack));

    /// <summary>How long a video is expected to take here. Reads the graphs, but runs none.</summary>
    /// <param name="plan">What would be made.</param>
    /// <returns>Null where this machine has made no video yet with the pack, on this target and with every stage that the plan has.</returns>
    public TimePlan? PlanTime(GenerationPlan plan) => _planner.PlanTime(plan);

    /// <summary>Frees the graphs, once a run that is under way has ended; a video in windows then fails before its next one.</summary>
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

        _threads.Dispose();
        _sessions.Dispose();
        _ = _turns.Release(Options.ConcurrentGenerations); // whoever came meanwhile gets a turn, and finds the pipeline disposed
    }

    /// <summary>Carries a plan out, stage by stage; frames come while later ones are decoded.</summary>
    internal async IAsyncEnumerable<VideoFrame> RunAsync(GenerationRun run, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        using Activity? activity = PipelineTelemetry.Begin(run.Plan, Pack.Contract.Name);
        IReadOnlyList<VideoFrame> images = run.Latents is null ? await _planner.ReadImagesAsync(run.Plan, cancellationToken).ConfigureAwait(false) : [];
        (VideoFrame? last, int index) = (null, 0);
        if (run.Latents is null && run.Plan.Request.InputVideo is { } input)
        {
            await foreach (VideoFrame frame in _planner.ReadVideoAsync(input, run.Plan.OutputSize, cancellationToken).ConfigureAwait(false))
            {
                last = frame;
                if (!run.Plan.Request.OnlyNew)
                {
                    index++;
                    yield return frame;
                }
            }

            last = await _planner.ResizeAsync(last!, run.Plan.Size, cancellationToken).ConfigureAwait(false);
        }

        SemanticTokens? semantics = run.Latents is null && run.Plan.Semantics?.Source is { } source ? await ReadSemanticsAsync(source, run, cancellationToken).ConfigureAwait(false) : null;
        using VideoRun video = new(run, images, last, index, semantics);
        using WindowChannel frames = new();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task work = MakeAsync(video, frames, activity, stop.Token);
        try
        {
            await foreach (VideoFrame frame in frames.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return frame;
            }

            await AwaitAsync(work, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // A reader that leaves early stops the run; why it ended was told above, or is of no interest.
            await stop.CancelAsync().ConfigureAwait(false);
            await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The stages up to denoising: normalised latents, [C, f, h, w].</summary>
    internal float[] MakeLatents(GenerationPlan plan, StageClock clock, IProgress<GenerationProgress>? progress, CancellationToken cancellationToken) =>
        MakeLatents(plan, [], clock, progress, cancellationToken);

    /// <summary>The stages up to denoising, with the plan's images as they are, each of the video's size.</summary>
    internal float[] MakeLatents(GenerationPlan plan, IReadOnlyList<VideoFrame> images, StageClock clock, IProgress<GenerationProgress>? progress, CancellationToken cancellationToken) =>
        _stages.MakeLatents(new GenerationRun(plan, Latents: null, new GenerationEvents { Progress = progress }, clock), images, cancellationToken);

    /// <summary>S: the tokens of a plan's longest branch.</summary>
    internal int CountTokens(GenerationPlan plan, CancellationToken cancellationToken) => _stages.CountTokens(plan, cancellationToken);

    /// <summary>Judges a video, in a turn of its own.</summary>
    internal Task<VideoScore> JudgeAsync(GenerationPlan plan, IReadOnlyList<VideoFrame> frames, StageClock clock, CancellationToken cancellationToken) =>
        InTurnAsync(() => _stages.Judge(plan, frames, clock, cancellationToken), cancellationToken);

    /// <summary>Does work of the stages in a turn of its own.</summary>
    private async Task<T> InTurnAsync<T>(Func<T> work, CancellationToken cancellationToken)
    {
        await _turns.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return await _threads.RunAsync(work, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _ = _turns.Release();
        }
    }

    /// <summary>Makes all frames, window by window, each in a turn that is given back whatever happens: between two windows, others have theirs.</summary>
    private async Task MakeAsync(VideoRun video, WindowChannel frames, Activity? activity, CancellationToken cancellationToken)
    {
        string outcome = "failed";
        GenerationPlan plan = video.Whole.Plan;
        try
        {
            while (!video.IsDone)
            {
                await frames.WaitForRoomAsync(cancellationToken).ConfigureAwait(false);
                await _turns.WaitAsync(cancellationToken).ConfigureAwait(false);
                try
                {
                    ObjectDisposedException.ThrowIf(_disposed, this);
                    await _threads.RunAsync(() => _stages.MakeWindow(video, frames.Write, cancellationToken), CancellationToken.None).ConfigureAwait(false);
                    frames.EndWindow();
                }
                finally
                {
                    _ = _turns.Release();
                }
            }

            PipelineLog.Generated(_logger, plan.Frames, plan.OutputSize, plan.Seed);
            outcome = "done";
            frames.Complete();
            _planner.Learn(plan, video.Whole.Clock.Reports);
        }
        catch (OperationCanceledException)
        {
            outcome = "cancelled";
            throw;
        }
        finally
        {
            PipelineTelemetry.End(activity, outcome);
            frames.Complete();
        }
    }

    /// <summary>Waits for the work; a cancellation carries the caller's token.</summary>
    private static async Task AwaitAsync(Task work, CancellationToken cancellationToken)
    {
        try
        {
            await work.ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(e.Message, e, cancellationToken);
        }
    }

    private static VideoPipeline Open(string packPath, PipelineOptions options, CancellationToken cancellationToken)
    {
        ModelPack pack = options.OpenPack(packPath);
        if (options.VerifyFiles)
        {
            pack.VerifyFiles(cancellationToken);
        }

        PackSupport.Require(pack);
        ExecutionTarget target = options.Target.Over(options.Host.Execution).Over(pack.Contract.Execution);
        MemoryModel.RequireRoom(pack, options.MemoryLimit);
        GraphSessions sessions = GraphSessions.Open(pack, target, options.Host.CacheFolder ?? EngineCache.DefaultFolder, options.VerifyFiles, options.FusesOperators, keepsMemory: options.MemoryLimit is null, cancellationToken);
        return new VideoPipeline(new GenerationPlanner(pack, options, sessions.Composed), options, sessions);
    }
}

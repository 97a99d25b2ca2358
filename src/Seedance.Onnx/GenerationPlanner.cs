using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Seedance.Onnx.Composition;
using Seedance.Onnx.Costs;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Graphs;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Media;
using Seedance.Onnx.Memory;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx;

/// <summary>Plans videos of a pack without loading its graphs: what would be done, whether it can be, and what memory it would take. Safe for several threads.</summary>
public sealed class GenerationPlanner
{
    private readonly MemoryModel _memory;
    private readonly TimeModel _time;
    private readonly PipelineOptions _options;

    /// <param name="pack">The pack.</param>
    /// <param name="options">Limits, and where things are.</param>
    /// <param name="composed">What runs of the pack, by role.</param>
    internal GenerationPlanner(ModelPack pack, PipelineOptions options, IReadOnlyDictionary<string, ComposedGraph> composed)
    {
        Pack = pack;
        _options = options;
        PlannedCosts costs = new(pack, composed);
        _memory = new MemoryModel(pack, costs, options.MemoryLimit, options.ConcurrentGenerations);
        _time = new TimeModel(pack, costs, _memory, new StageRates(options.Host.CacheFolder ?? EngineCache.DefaultFolder), options.Target.Over(options.Host.Execution).Over(pack.Contract.Execution));
    }

    /// <summary>The pack that it plans for.</summary>
    public ModelPack Pack { get; }

    /// <summary>Refuses the best of several videos where the pack has no graph to choose by, or the videos cannot be judged whole.</summary>
    /// <param name="candidates">How many would be made.</param>
    /// <param name="plan">What each would be.</param>
    /// <exception cref="InvalidRequestException">It cannot be done.</exception>
    public void RequireChoice(int candidates, GenerationPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        CandidateChoice.Require(Pack.Contract, plan, candidates);
    }

    /// <summary>Says in which pieces clips are decoded.</summary>
    internal MemoryModel Memory => _memory;

    /// <summary>Opens a pack for planning; its files are not compared with their sums.</summary>
    /// <param name="packPath">The pack's folder, which holds seedance.json.</param>
    /// <param name="options">The limits that plans must keep to, and where FFmpeg is; the defaults if not specified.</param>
    /// <returns>The planner.</returns>
    /// <exception cref="ArgumentException">An option is out of its range; every such option is named.</exception>
    /// <exception cref="ModelPackException">The folder is no usable pack; the error lists every problem found.</exception>
    /// <exception cref="ExecutionTargetException">The weights take more memory than they may.</exception>
    public static GenerationPlanner Open(string packPath, PipelineOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(packPath);
        options ??= new PipelineOptions();
        IReadOnlyList<string> problems = options.FindProblems();
        if (problems.Count > 0)
        {
            throw new ArgumentException(string.Join(' ', problems), nameof(options));
        }

        ModelPack pack = options.OpenPack(packPath);
        MemoryModel.RequireRoom(pack, options.MemoryLimit);
        // What would be loaded is composed where memory is asked for, and kept nowhere.
        PackComposer composer = new(pack, cacheFolder: null, verified: false);
        ResolvedTarget target = new(ExecutionProvider.Cpu, ExecutionTarget.Cpu, []);
        Dictionary<string, ComposedGraph> composed = pack.Contract.RunRoles.Except([GraphRoles.Tokenizer, GraphRoles.TextEncoder], StringComparer.Ordinal).ToDictionary(
            role => role, role => role == GraphRoles.VaeDecoder ? composer.ComposePixels(target) : composer.ComposeStep(target, role), StringComparer.Ordinal);
        return new GenerationPlanner(pack, options, composed);
    }

    /// <summary>Plans a video. Images are looked at, so that one that cannot be read is told here.</summary>
    /// <param name="request">What is wanted.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The plan, to be printed or carried out.</returns>
    /// <exception cref="InvalidRequestException">The pack cannot carry the request out, an image cannot be read, or the video would take more memory than it may; every problem is listed.</exception>
    /// <exception cref="ExecutionTargetException">There are images, and FFmpeg is missing.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<GenerationPlan> PlanAsync(VideoRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        // Without the distilled transformer a video is as if it had been asked for so, and its metadata tell it to whoever makes it again.
        request = request with { Undistilled = request.Undistilled || _options.Undistilled };
        List<string> problems = [];
        Dictionary<ImageSource, ImageSource> seen = [];
        foreach (ImageSource image in request.Images.Where(image => image.Size is null).Distinct())
        {
            try
            {
                seen[image] = image with { Size = (await ReadAsync(image, size: null, cancellationToken).ConfigureAwait(false)).Size };
            }
            catch (MediaException error)
            {
                problems.Add(error.Message);
            }
        }

        VideoRequest measured = request.WithImages(image => seen.GetValueOrDefault(image, image));
        List<string> notices = [];
        if (request.InputVideo is { Size: null } video)
        {
            measured = measured with { InputVideo = await LookAsync(video, problems, notices, cancellationToken).ConfigureAwait(false) };
        }

        // One that the pack has no use for is refused, and not looked at.
        if (request.SemanticsOf is { Size: null } source && Pack.Contract.FindGraph(GraphRoles.SemanticEncoder) is not null)
        {
            measured = measured with { SemanticsOf = await LookAsync(source, problems, notices, cancellationToken).ConfigureAwait(false) };
        }

        GenerationPlan plan = Create(measured, problems);
        return plan with { Notices = [.. plan.Notices, .. notices] };
    }

    /// <summary>Plans the memory that a video takes: reads the graphs, but runs none. Takes a moment for each new size and length.</summary>
    /// <param name="plan">What would be made.</param>
    /// <param name="preview">Whether someone looks meanwhile (<see cref="GenerationEvents.Preview"/>), which the limit on memory does not count; false if not specified.</param>
    /// <returns>What it is planned to take.</returns>
    public MemoryPlan PlanMemory(GenerationPlan plan, bool preview = false)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return _memory.Of(plan, preview);
    }

    /// <summary>How long a video is expected to take here. Reads the graphs, but runs none.</summary>
    /// <param name="plan">What would be made.</param>
    /// <returns>Null where this machine has made no video yet with the pack, on the target that the options ask for and with every stage that the plan has: nothing is known then.</returns>
    public TimePlan? PlanTime(GenerationPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return _time.Expect(plan);
    }

    /// <summary>Learns how fast this machine is, where that is not known yet.</summary>
    internal void Learn(GenerationPlan plan, IReadOnlyList<StageReport> stages)
    {
        if (_time.Knows(stages))
        {
            return;
        }

        try
        {
            _time.Learn(plan, stages);
        }
        catch (ModelFileException)
        {
            // A graph whose cost cannot be told made its video all the same.
        }
    }

    /// <summary>Plans without waiting for anything where there are no images to look at.</summary>
    [SuppressMessage("Design", "MA0045", Justification = "For callers that want the problems from the call itself; PlanAsync is there for the others.")]
    internal GenerationPlan Plan(VideoRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return request.Images.All(image => image.Size is not null) && request.InputVideo is not { Size: null } && request.SemanticsOf is not { Size: null } ? Create(request, []) : Task.Run(() => PlanAsync(request)).GetAwaiter().GetResult();
    }

    /// <summary>The images of a plan in the order of its conditions, cropped to the video's shape and scaled to its size.</summary>
    internal async Task<IReadOnlyList<VideoFrame>> ReadImagesAsync(GenerationPlan plan, CancellationToken cancellationToken)
    {
        List<VideoFrame> images = [];
        foreach (PlannedCondition condition in plan.Conditions)
        {
            images.Add(await ReadAsync(condition.Image!, plan.Size, cancellationToken).ConfigureAwait(false));
        }

        return images;
    }

    /// <summary>The frames of a video, at the pack's frame rate, cropped to a size's shape and scaled to it.</summary>
    internal IAsyncEnumerable<VideoFrame> ReadVideoAsync(VideoSource video, VideoSize size, CancellationToken cancellationToken) => new VideoReader(FFmpegTool.Find(_options.FFmpeg), _options.Media)
        .ReadAsync(video.Path, new VideoReadRequest { Size = size, FrameRate = new FrameRate(Pack.Contract.Video.Fps) }, cancellationToken);

    /// <summary>The first frames of a video; where it has fewer, the last one again.</summary>
    internal async IAsyncEnumerable<VideoFrame> ReadFramesAsync(VideoSource video, VideoSize size, int count, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        VideoFrame? last = null;
        await foreach (VideoFrame frame in ReadVideoAsync(video, size, cancellationToken).ConfigureAwait(false))
        {
            last = frame;
            yield return frame;
            if (--count == 0)
            {
                yield break;
            }
        }

        for (; last is not null && count > 0; count--)
        {
            yield return last;
        }
    }

    /// <summary>A frame in another size.</summary>
    internal async Task<VideoFrame> ResizeAsync(VideoFrame frame, VideoSize size, CancellationToken cancellationToken) =>
        frame.Size == size ? frame : await new ImageReader(FFmpegTool.Find(_options.FFmpeg), _options.Media).ResizeAsync(frame, size, cancellationToken).ConfigureAwait(false);

    /// <summary>Looks at an input video: its size and length, and what of it will not be in the other.</summary>
    private async Task<VideoSource> LookAsync(VideoSource video, List<string> problems, List<string> notices, CancellationToken cancellationToken)
    {
        try
        {
            VideoInfo info = await new VideoReader(FFmpegTool.Find(_options.FFmpeg), _options.Media).ProbeAsync(video.Path, cancellationToken).ConfigureAwait(false);
            FrameRate rate = new(Pack.Contract.Video.Fps);
            if (info.FrameRate != rate)
            {
                notices.Add($"The pack makes {rate} frames a second; those of '{video}', {info.FrameRate} a second, are repeated or left out to keep the time.");
            }

            if (info.HasAudio)
            {
                notices.Add($"The sound of '{video}' is not in the new video.");
            }

            return video with { Size = info.Size, Duration = info.Duration };
        }
        catch (MediaException error)
        {
            problems.Add(error.Message);
            return video;
        }
    }

    private GenerationPlan Create(VideoRequest request, List<string> problems)
    {
        if (problems.Count > 0)
        {
            throw new InvalidRequestException([.. request.FindProblems(Pack.Contract), .. problems]);
        }

        GenerationPlan plan = GenerationPlan.Create(request, Pack);
        return _memory.FindProblem(plan) is { } problem ? throw new InvalidRequestException([problem]) : plan;
    }

    private Task<VideoFrame> ReadAsync(ImageSource image, VideoSize? size, CancellationToken cancellationToken)
    {
        ImageReader reader = new(FFmpegTool.Find(_options.FFmpeg), _options.Media);
        return image.Path is { } path ? reader.ReadAsync(path, size, cancellationToken) : reader.ReadAsync(image.Encoded, image.Name, size, cancellationToken);
    }
}

using Seedance.Onnx.Media;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Stages;

/// <summary>A video that is made window after window: where it is, and what one window hands on to the next. Memory does not grow with the windows, unless somebody wants their latents.</summary>
/// <param name="run">What is made.</param>
/// <param name="images">The plan's images in the order of its conditions, each of the transformer's size; none where latents are there already.</param>
/// <param name="last">The frame that the first window goes on from, of the transformer's size; null where a video begins.</param>
/// <param name="index">How many frames of the video came out before.</param>
/// <param name="semantics">The semantic tokens that were read off another video; null where they are made, or there are none.</param>
internal sealed class VideoRun(GenerationRun run, IReadOnlyList<VideoFrame> images, VideoFrame? last, int index, SemanticTokens? semantics) : IDisposable
{
    private readonly Dictionary<(int FirstShot, int Shots), TextCondition> _texts = [];
    private readonly List<float[]> _latents = [];
    private VideoFrame? _last = last;
    private int _index = index;
    private SemanticTokens? _semantics = semantics;

    /// <summary>What is made.</summary>
    public GenerationRun Whole => run;

    /// <summary>The window that is next, from 0.</summary>
    public int Window { get; private set; }

    /// <summary>Whether it is the last one.</summary>
    public bool IsLast => Window == run.Plan.Windows.Length - 1;

    /// <summary>Whether all windows are made.</summary>
    public bool IsDone => Window == run.Plan.Windows.Length;

    /// <summary>What enlarges its frames, and has some of the window before; null before the first.</summary>
    public UpscaleChain? Chain { get; set; }

    /// <summary>The next window, as a video of its own.</summary>
    public GenerationRun Clip()
    {
        PlannedWindow window = run.Plan.Windows[Window];
        GenerationEvents events = run.Events with
        {
            Progress = run.Events.Progress is { } progress ? new WindowProgress(progress, Window, run.Plan.Windows.Length) : null,
            // Later windows begin with a frame that has been seen.
            Preview = Window == 0 ? run.Events.Preview : null,
        };
        return new GenerationRun(run.Plan.ClipOf(Window), run.Latents?.Slice(LengthBefore(Window), checked((int)run.Plan.LatentsOf(window).Length)), events, run.Clock);
    }

    /// <summary>The images of the next window, in the order of its conditions.</summary>
    public IReadOnlyList<VideoFrame> Images()
    {
        PlannedWindow window = run.Plan.Windows[Window];
        IEnumerable<VideoFrame> own = run.Plan.Conditions.Zip(images).Where(pair => window.Adds(pair.First.Frame)).Select(pair => pair.Second);
        return [.. window.GivenFrames > 0 ? [_last!] : Array.Empty<VideoFrame>(), .. own];
    }

    /// <summary>All images of the video, the frame that it goes on from before the others; to be asked for before the first window is made.</summary>
    public IReadOnlyList<VideoFrame> AllImages() => [.. run.Plan.Windows[0].GivenFrames > 0 ? [_last!] : Array.Empty<VideoFrame>(), .. images];

    /// <summary>The semantic tokens of the next window.</summary>
    /// <param name="make">Makes those of all windows, or none.</param>
    public SemanticTokens? Semantics(Func<SemanticTokens?> make)
    {
        _semantics ??= Window == 0 ? make() : null;
        return _semantics?.Part(run.Plan.Windows[Window]);
    }

    /// <summary>The features of the next window's captions, which all windows of the same shots share.</summary>
    /// <param name="make">Makes those of all windows, so that a caption that is too long is told before anything is made.</param>
    public TextCondition Text(Action<Dictionary<(int FirstShot, int Shots), TextCondition>> make)
    {
        if (_texts.Count == 0)
        {
            make(_texts);
        }

        PlannedWindow window = run.Plan.Windows[Window];
        return _texts[(window.FirstShot, window.Shots)];
    }

    /// <summary>Keeps the latents of the window where somebody wants them, and hands over those of all when the last ones are there.</summary>
    public void Keep(ModelPack pack, ReadOnlyMemory<float> latents)
    {
        if (run.Events.Latents is not { } take)
        {
            return;
        }

        if (run.Plan.Windows.Length > 1)
        {
            _latents.Add(latents.ToArray());
            latents = IsLast ? _latents.SelectMany(own => own).ToArray() : latents;
        }

        if (IsLast)
        {
            take(new LatentClip(run.Plan, pack, latents));
        }
    }

    /// <summary>Takes a frame of the window as it was decoded.</summary>
    /// <returns>Whether it is new; a frame that was given has come out before.</returns>
    public bool TakeDecoded(VideoFrame frame)
    {
        _last = frame;
        return frame.Index >= run.Plan.Windows[Window].GivenFrames;
    }

    /// <summary>Gives a frame its place in the video.</summary>
    public VideoFrame Number(VideoFrame frame)
    {
        VideoFrame placed = new(frame.Size, frame.Pixels, _index, TimeSpan.FromSeconds((double)_index / run.Plan.Fps));
        _index++;
        return placed;
    }

    /// <summary>The window is made.</summary>
    public void Advance() => Window++;

    public void Dispose()
    {
        foreach (TextCondition text in _texts.Values)
        {
            text.Dispose();
        }
    }

    private int LengthBefore(int window) => checked((int)run.Plan.Windows.Take(window).Sum(before => run.Plan.LatentsOf(before).Length));

    /// <summary>Tells progress in which window it is.</summary>
    private sealed class WindowProgress(IProgress<GenerationProgress> listener, int window, int windows) : IProgress<GenerationProgress>
    {
        public void Report(GenerationProgress value) => listener.Report(value with { Window = window, Windows = windows });
    }
}

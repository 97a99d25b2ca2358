using Seedance.Onnx.Optimization;

namespace Seedance.Onnx.Cli;

/// <summary>One line on a terminal that says what is being done, which step it is at, and how long it will take; gone when it is disposed.</summary>
/// <param name="writer">The terminal; null for a silent one.</param>
/// <param name="time">The clock.</param>
internal sealed class ProgressLine(TextWriter? writer, TimeProvider time) : IProgress<GenerationProgress>, IProgress<OptimizationProgress>, IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private const int Stages = 4;

    private readonly Lock _gate = new();
    private int _shown;
    private GenerationStage? _stage;
    private int _window;
    private long _stageBegan;
    private long _written;

    /// <summary>Shows something that has no steps.</summary>
    public void Show(string text)
    {
        lock (_gate)
        {
            (_stage, _window) = (null, 0);
            Write(text);
        }
    }

    /// <inheritdoc/>
    public void Report(GenerationProgress value)
    {
        if (writer is null)
        {
            return;
        }

        lock (_gate)
        {
            // A stage that is done makes room for the next, which tells nothing before its own first step.
            bool done = value.Step >= value.Steps && value.Stage != GenerationStage.Encode;
            GenerationStage stage = !done ? value.Stage : value.Stage switch
            {
                GenerationStage.Text or GenerationStage.Condition => GenerationStage.Denoise,
                GenerationStage.Decode or GenerationStage.Upscale => GenerationStage.Encode,
                _ => value.Stage + 1,
            };
            if ((value.Window, stage).CompareTo((_window, _stage ?? stage)) < 0 && value.Stage is not (GenerationStage.Text or GenerationStage.Semantic))
            {
                return; // frames are decoded while others are written already; a text begins another video, and not every one is planned first
            }

            bool began = stage != _stage || value.Window != _window;
            if (began)
            {
                (_window, _stage, _stageBegan) = (value.Window, stage, time.GetTimestamp());
            }

            if (began || time.GetElapsedTime(_written) >= Interval)
            {
                Write($"{(value.Windows > 1 ? $"part {value.Window + 1} of {value.Windows}, " : "")}{NumberOf(stage)}/{Stages} {Describe(stage)}{(done ? "" : Steps(value, time.GetElapsedTime(_stageBegan)))}");
            }
        }
    }

    /// <inheritdoc/>
    public void Report(OptimizationProgress value)
    {
        lock (_gate)
        {
            if (value.Runs == 0 || time.GetElapsedTime(_written) >= Interval)
            {
                Write($"{value.Graph}: {Describe(value.Step)}{(value.Runs > 0 ? $", run {value.Runs + 1}" : "")}");
            }
        }
    }

    /// <summary>Clears the line. It can be shown again.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_shown > 0)
            {
                Write("");
                writer!.Write('\r');
                writer.Flush();
            }
        }
    }

    /// <summary>What most videos do not have, images, scores and larger frames, counts with what goes before it.</summary>
    private static int NumberOf(GenerationStage stage) => stage switch
    {
        GenerationStage.Text or GenerationStage.Condition => 1,
        GenerationStage.Semantic or GenerationStage.Denoise => 2,
        GenerationStage.Encode => Stages,
        _ => 3,
    };

    private static string Describe(GenerationStage stage) => stage switch
    {
        GenerationStage.Text => "reading the prompt",
        GenerationStage.Condition => "reading the images",
        GenerationStage.Semantic => "planning what happens",
        GenerationStage.Denoise => "denoising",
        GenerationStage.Decode => "decoding",
        GenerationStage.Judge => "judging",
        GenerationStage.Upscale => "making it larger",
        _ => "writing the file",
    };

    private static string Describe(OptimizationStep step) => step switch
    {
        OptimizationStep.Reference => "running it as it is",
        OptimizationStep.Passes => "rewriting",
        OptimizationStep.Overflows => "looking for large values",
        OptimizationStep.Sensitivity => "measuring what each node does",
        OptimizationStep.Conversion => "converting",
        OptimizationStep.Comparison => "comparing",
        _ => "compiling",
    };

    private static string Steps(GenerationProgress value, TimeSpan elapsed)
    {
        TimeSpan left = elapsed / Math.Max(value.Step, 1) * (value.Steps - value.Step);
        return $", {value.Step} of {value.Steps}, {Left(left)} left";
    }

    private static string Left(TimeSpan time) => time < TimeSpan.FromMinutes(1)
        ? $"{Math.Ceiling(time.TotalSeconds):0} s"
        : $"{(int)time.TotalMinutes} min {time.Seconds} s";

    private void Write(string text)
    {
        if (writer is null)
        {
            return;
        }

        writer.Write('\r' + text.PadRight(_shown));
        writer.Flush();
        _shown = text.Length;
        _written = time.GetTimestamp();
    }
}

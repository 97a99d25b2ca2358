using System.Collections.Immutable;

namespace Seedance.Onnx.Forecasts;

/// <summary>What a stage of making a video does, on whatever device.</summary>
/// <param name="Name">"text", "semantic", "denoise", "upscale", "decode".</param>
/// <param name="Operators">Its operators, those of one class in any number of entries.</param>
/// <param name="Parameters">The numbers in its weights.</param>
/// <param name="LiveValues">The numbers, besides weights, that must be in memory at once.</param>
public sealed record StageWork(string Name, ImmutableArray<OperatorWork> Operators, double Parameters, double LiveValues)
{
    /// <summary>The name of the stage that reads prompts.</summary>
    public const string Text = "text";

    /// <summary>The name of the stage that makes latents of noise.</summary>
    public const string Denoise = "denoise";

    /// <summary>The name of the stage that makes latents, or frames, larger.</summary>
    public const string Upscale = "upscale";

    /// <summary>The name of the stage that makes frames of latents.</summary>
    public const string Decode = "decode";

    /// <summary>The name of the stage that makes a file of frames.</summary>
    public const string Encode = "encode";

    /// <summary>Floating-point operations of all operators.</summary>
    public double Flops => Operators.Sum(work => work.Flops);

    /// <summary>Numbers that all operators read and write.</summary>
    public double Values => Operators.Sum(work => work.Values);

    /// <summary>The same several times; weights and memory stay as they are.</summary>
    /// <param name="times">How often.</param>
    /// <returns>The work of all of them.</returns>
    public StageWork Times(double times) => this with { Operators = [.. Operators.Select(work => work.Times(times))] };
}

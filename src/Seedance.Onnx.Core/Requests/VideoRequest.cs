using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Requests;

/// <summary>What someone wants to see: one call's input. Everything but the prompt has a default, mostly the pack's. Immutable.</summary>
public sealed record VideoRequest
{
    /// <summary>The most steps that can be asked for.</summary>
    public const int MaxSteps = 1000;

    /// <summary>The longest side of a frame that can be asked for, in pixels.</summary>
    public const int MaxSide = 8192;

    /// <summary>What the video shows, in words; not blank, and short enough for the pack's text encoder.</summary>
    public required string Prompt { get; init; }

    /// <summary>What guidance leads away from; the pack's if not specified.</summary>
    public string? NegativePrompt { get; init; }

    /// <summary>Width in pixels, on the pack's grid; goes with <see cref="Height"/>. The pack's default size if not specified.</summary>
    public int? Width { get; init; }

    /// <summary>Height in pixels, on the pack's grid; goes with <see cref="Width"/>. The pack's default size if not specified.</summary>
    public int? Height { get; init; }

    /// <summary>The frame's shape, instead of its size: the pack's size that comes nearest is taken. Not used if not specified.</summary>
    public AspectRatio? Ratio { get; init; }

    /// <summary>The clip's length in frames, one that the pack's VAE can make; the pack's default if neither this nor <see cref="Duration"/> is specified.</summary>
    public int? Frames { get; init; }

    /// <summary>The clip's length in time, instead of in frames: the nearest length that the pack can make is taken.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>The seed of the noise, 0 if not specified. The same seed, pack and request make the same latents; only the low 32 bits count, as in PyTorch.</summary>
    public ulong Seed { get; init; }

    /// <summary>Steps of the schedule, 1 to <see cref="MaxSteps"/>; the pack's if not specified.</summary>
    public int? Steps { get; init; }

    /// <summary>The guidance scale, 0 to 100, where 1 means none; the pack's if not specified.</summary>
    public double? Guidance { get; init; }

    /// <summary>The flow shift, above 0 and up to 1000; the pack's if not specified.</summary>
    public double? Shift { get; init; }

    /// <summary>The solver; the pack's if not specified.</summary>
    public SolverKind? Solver { get; init; }

    /// <summary>Everything that keeps a pack from carrying the request out.</summary>
    /// <param name="contract">The pack's contract.</param>
    /// <returns>One sentence or two for each problem; empty when the request is fine.</returns>
    public IReadOnlyList<string> FindProblems(PackContract contract)
    {
        ArgumentNullException.ThrowIfNull(contract);
        return RequestChecks.FindProblems(this, contract);
    }
}

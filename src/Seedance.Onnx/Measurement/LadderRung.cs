namespace Seedance.Onnx.Measurement;

/// <summary>One step of an acceleration ladder: what it changes, on top of all rungs before it. What is null stays as it was.</summary>
public sealed record LadderRung
{
    /// <summary>What it is called.</summary>
    public required string Name { get; init; }

    /// <summary>Another pack; a folder, relative to the ladder's file.</summary>
    public string? Pack { get; init; }

    /// <summary>Whether operators are fused.</summary>
    public bool? Fused { get; init; }

    /// <summary>What the transformer's numbers become: "fp32", "fp16", "int8".</summary>
    public string? Precision { get; init; }

    /// <summary>Whether the transformer runs that the distilled one was made from.</summary>
    public bool? Undistilled { get; init; }

    /// <summary>The size that the transformer makes, in pixels: "96x64".</summary>
    public string? Size { get; init; }

    /// <summary>How many times larger the pack's upscaler makes the frames.</summary>
    public int? Upscale { get; init; }

    /// <summary>How far steps may reuse the last velocity, 0 to 1.</summary>
    public double? StepCache { get; init; }

    /// <summary>Whether it is a draft: a coarse step cache, the thin decoder, no upscaling.</summary>
    public bool? Draft { get; init; }

    /// <summary>Steps of the solver.</summary>
    public int? Steps { get; init; }

    /// <summary>The solver's name.</summary>
    public string? Solver { get; init; }

    /// <summary>The solver's order.</summary>
    public int? Order { get; init; }

    /// <summary>The guidance scale; 1 is none.</summary>
    public double? Guidance { get; init; }

    /// <summary>
    /// What `evaluate.py --json` wrote for this rung, of which "overall" "total" is its score; relative to the ladder's file. Where the file is not there, or none is named, the score stays open.
    /// </summary>
    public string? Scores { get; init; }

    /// <summary>Its time as a share of the first rung's, the largest of those that were measured; null for the first, and where nobody has measured it.</summary>
    public double? Ratio { get; init; }
}

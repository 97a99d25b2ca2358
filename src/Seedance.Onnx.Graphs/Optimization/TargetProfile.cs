namespace Seedance.Onnx.Graphs.Optimization;

/// <summary>Which fused operators a target has.</summary>
public sealed record TargetProfile
{
    private static TargetProfile Everything { get; } = new()
    {
        Attention = AttentionForm.MultiHeadAttention,
        KeyBiasAsFeature = false,
        RotaryEmbedding = true,
        SkipNormalization = true,
        SimplifiedNormalization = true,
        MicrosoftActivations = true,
        BiasGelu = true,
        PlanarConvolutions = false,
        RowNormalization = false,
        SingleMoves = false,
    };

    /// <summary>What attention becomes.</summary>
    public required AttentionForm Attention { get; init; }

    /// <summary>Whether an additive bias that depends on the key alone becomes one more feature of queries and keys, so that kernels without a bias, which need no memory for the scores, can be used.</summary>
    public required bool KeyBiasAsFeature { get; init; }

    /// <summary>Whether rotary positions become com.microsoft.RotaryEmbedding.</summary>
    public required bool RotaryEmbedding { get; init; }

    /// <summary>Whether an addition before a normalisation becomes part of it: com.microsoft.SkipLayerNormalization and its simplified kin.</summary>
    public required bool SkipNormalization { get; init; }

    /// <summary>Whether root-mean-square normalisation becomes SimplifiedLayerNormalization where the model's version has no RMSNormalization.</summary>
    public required bool SimplifiedNormalization { get; init; }

    /// <summary>Whether activations become com.microsoft.Gelu, FastGelu and QuickGelu where the model's version has none.</summary>
    public required bool MicrosoftActivations { get; init; }

    /// <summary>Whether an addition before a Gelu becomes part of it: com.microsoft.BiasGelu.</summary>
    public required bool BiasGelu { get; init; }

    /// <summary>Whether convolutions over time and space become such over planes, or matrix products, which are faster there.</summary>
    public required bool PlanarConvolutions { get; init; }

    /// <summary>Whether com.microsoft.SkipLayerNormalization with nothing to skip is faster than LayerNormalization.</summary>
    public required bool RowNormalization { get; init; }

    /// <summary>Whether a transposition that moves several axes, the innermost among them, is slower than two.</summary>
    public required bool SingleMoves { get; init; }

    /// <summary>Whether chains of operators that look at nothing but a row become one, the operator of <see cref="Seedance.Onnx.Rows.RowProgram"/>, which only the runtime of this project knows. No target has it: a file may be for others.</summary>
    public bool RowPrograms { get; init; }

    /// <summary>The profile of the processor where nobody but the runtime of this project gets to see the graph: chains of operators on rows become programs.</summary>
    public static TargetProfile OwnProcessor { get; } = Of(GraphTarget.Cpu) with { SkipNormalization = false, RowNormalization = false, RowPrograms = true };

    /// <summary>The profile of a target.</summary>
    /// <param name="target">The target.</param>
    /// <returns>Its profile.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such target.</exception>
    public static TargetProfile Of(GraphTarget target) => target switch
    {
        GraphTarget.Cpu => Everything with { KeyBiasAsFeature = true, PlanarConvolutions = true, RowNormalization = true, SingleMoves = true },
        GraphTarget.Cuda => Everything,
        GraphTarget.WebGpu => Everything with { BiasGelu = false },
        GraphTarget.TensorRt => new TargetProfile
        {
            Attention = AttentionForm.Decomposed,
            KeyBiasAsFeature = false,
            RotaryEmbedding = false,
            SkipNormalization = false,
            SimplifiedNormalization = false,
            MicrosoftActivations = false,
            BiasGelu = false,
            PlanarConvolutions = false,
            RowNormalization = false,
            SingleMoves = false,
        },
        _ => throw new ArgumentOutOfRangeException(nameof(target), target, "There is no such target."),
    };
}

using System.Collections.Immutable;

namespace Seedance.Onnx.Packs;

/// <summary>One input or output that a graph of the pack must have.</summary>
public sealed record TensorContract
{
    /// <summary>The canonical name, by which the runtime knows it: optimum's, for example "hidden_states".</summary>
    public required string Name { get; init; }

    /// <summary>The tensor's name in the graph's file; the canonical name if the pack maps no other.</summary>
    public required string FileName { get; init; }

    /// <summary>The type of its elements.</summary>
    public required ElementType ElementType { get; init; }

    /// <summary>Its axes, outermost first.</summary>
    public required ImmutableArray<TensorAxis> Axes { get; init; }

    /// <summary>Whether the graph's file may lack it; the runtime then neither feeds nor fetches it. False if the pack does not say.</summary>
    public bool Optional { get; init; }

    /// <summary>Type and shape: "float32 [B, 24, f, h, w]".</summary>
    /// <returns>The text.</returns>
    public override string ToString() => $"{ElementType.ToName()} [{string.Join(", ", Axes)}]";
}

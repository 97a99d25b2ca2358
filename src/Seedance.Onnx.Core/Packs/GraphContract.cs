using System.Collections.Immutable;

namespace Seedance.Onnx.Packs;

/// <summary>One graph of a pack: its file and the tensors that go in and come out.</summary>
public sealed record GraphContract
{
    /// <summary>What the graph is for, one of <see cref="GraphRoles.All"/>.</summary>
    public required string Role { get; init; }

    /// <summary>Its file, relative to the pack's folder, with forward slashes.</summary>
    public required string File { get; init; }

    /// <summary>What goes in, in the contract's order.</summary>
    public required ImmutableArray<TensorContract> Inputs { get; init; }

    /// <summary>What comes out, in the contract's order.</summary>
    public required ImmutableArray<TensorContract> Outputs { get; init; }

    /// <summary>An input by its canonical name.</summary>
    /// <param name="name">The canonical name.</param>
    /// <returns>The input; null when the graph has none of this name.</returns>
    public TensorContract? FindInput(string name) => Inputs.FirstOrDefault(tensor => tensor.Name == name);

    /// <summary>An output by its canonical name.</summary>
    /// <param name="name">The canonical name.</param>
    /// <returns>The output; null when the graph has none of this name.</returns>
    public TensorContract? FindOutput(string name) => Outputs.FirstOrDefault(tensor => tensor.Name == name);
}

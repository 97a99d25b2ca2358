using System.Collections.Immutable;

namespace Seedance.Onnx.Graphs.Shapes;

/// <summary>What is said about the inputs of a graph before it runs. Nothing if not specified.</summary>
public sealed record ShapeBindings
{
    /// <summary>Nothing: free axes stay free.</summary>
    public static ShapeBindings None { get; } = new();

    /// <summary>The shape of inputs, by name.</summary>
    public ImmutableDictionary<string, ImmutableArray<long>> Inputs { get; init; } = ImmutableDictionary<string, ImmutableArray<long>>.Empty;

    /// <summary>The length of free axes, by the names that the graph's inputs give them.</summary>
    public ImmutableDictionary<string, long> Axes { get; init; } = ImmutableDictionary<string, long>.Empty;

    /// <summary>The values of inputs that shapes depend on, by name.</summary>
    public ImmutableDictionary<string, OnnxTensor> Values { get; init; } = ImmutableDictionary<string, OnnxTensor>.Empty;

    /// <summary>The same with one more input's shape.</summary>
    /// <param name="name">The input.</param>
    /// <param name="shape">The length of each axis.</param>
    /// <returns>New bindings.</returns>
    public ShapeBindings WithInput(string name, params ReadOnlySpan<long> shape) => this with { Inputs = Inputs.SetItem(name, [.. shape]) };

    /// <summary>The same with the length of one more free axis.</summary>
    /// <param name="name">The axis.</param>
    /// <param name="length">Its length.</param>
    /// <returns>New bindings.</returns>
    public ShapeBindings WithAxis(string name, long length) => this with { Axes = Axes.SetItem(name, length) };
}

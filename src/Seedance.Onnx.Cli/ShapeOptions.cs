using System.Collections.Immutable;
using System.CommandLine;
using Seedance.Onnx.Graphs.Shapes;

namespace Seedance.Onnx.Cli;

/// <summary>The options that say how long the axes of a graph's inputs are.</summary>
internal static class ShapeOptions
{
    public static Option<IReadOnlyList<KeyValuePair<string, ImmutableArray<long>>>> Axes() => TextOption.NamedLengths(
        "--axis", "NAME=N", "The length of a free axis; once for each. [default: small ones, which are told; a pack's own clip]", several: false);

    public static Option<IReadOnlyList<KeyValuePair<string, ImmutableArray<long>>>> Shapes() => TextOption.NamedLengths(
        "--shape", "INPUT=N,N,…", "The shape of an input of a graph, instead of its axes; once for each.", several: true);

    public static ShapeBindings Read(IEnumerable<KeyValuePair<string, ImmutableArray<long>>>? axes, IEnumerable<KeyValuePair<string, ImmutableArray<long>>>? shapes) => new()
    {
        Axes = ImmutableDictionary<string, long>.Empty.SetItems((axes ?? []).Select(axis => KeyValuePair.Create(axis.Key, axis.Value[0]))),
        Inputs = ImmutableDictionary<string, ImmutableArray<long>>.Empty.SetItems(shapes ?? []),
    };
}

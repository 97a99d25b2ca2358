using System.Collections.Immutable;

namespace Seedance.Onnx.Graphs.Shapes;

/// <summary>Checks bound shapes against what the graph says of its inputs, and finds the lengths of free axes from them.</summary>
internal static class InputBinding
{
    public static ShapeBindings Complete(OnnxModel model, ShapeBindings bindings)
    {
        List<string> problems = [];
        ImmutableDictionary<string, long>.Builder axes = bindings.Axes.ToBuilder();
        Dictionary<string, OnnxValue> inputs = model.Graph.Inputs.GroupBy(input => input.Name, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.First(), StringComparer.Ordinal);
        foreach ((string name, ImmutableArray<long> bound) in bindings.Inputs)
        {
            if (!inputs.TryGetValue(name, out OnnxValue? input))
            {
                problems.Add($"Input '{name}' must be one of {string.Join(", ", inputs.Keys)}, but is not. Bind the graph's own inputs.");
            }
            else if (input.Shape is { } declared)
            {
                bool fits = declared.Length == bound.Length;
                for (int i = 0; fits && i < bound.Length; i++)
                {
                    fits = declared[i].Length is not { } length ? Free(axes, declared[i], bound[i]) : length == bound[i];
                }

                if (!fits)
                {
                    problems.Add($"Input '{name}' must be {input.DescribeType()}, but is bound to [{string.Join(", ", bound)}]. Bind a shape that fits, equal names to equal lengths.");
                }
            }
        }

        return problems.Count > 0 ? throw new ModelFileException(model.Source, problems) : bindings with { Axes = axes.ToImmutable() };
    }

    private static bool Free(ImmutableDictionary<string, long>.Builder axes, OnnxDimension axis, long length)
    {
        if (axis.Name is not { Length: > 0 } name)
        {
            return true;
        }

        if (axes.TryGetValue(name, out long known))
        {
            return known == length;
        }

        axes[name] = length;
        return true;
    }
}

using System.Collections.Immutable;

namespace Seedance.Onnx.Graphs.Shapes;

/// <summary>A length for every axis of a model's inputs: those that were asked for, and small ones for the rest.</summary>
/// <param name="Bindings">What to bind.</param>
/// <param name="Assumed">The axes that nobody asked for and the lengths that they got, by name; "pixels[2]" for the third axis of an input that has no name.</param>
public sealed record ShapeChoice(ShapeBindings Bindings, ImmutableSortedDictionary<string, long> Assumed)
{
    /// <summary>Chooses lengths: 1 for batches, 3 for channels, 64 for heights and widths, 8 for the rest; told apart by the names of the axes, and where those say nothing by their place.</summary>
    /// <param name="model">The model; not changed.</param>
    /// <param name="asked">What is to be as it is; nothing when null.</param>
    /// <returns>The choice. Inputs whose number of axes is not known stay free.</returns>
    /// <exception cref="ModelFileException">A bound shape does not fit its input.</exception>
    public static ShapeChoice For(OnnxModel model, ShapeBindings? asked = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ShapeBindings bindings = InputBinding.Complete(model, asked ?? ShapeBindings.None);
        ImmutableSortedDictionary<string, long>.Builder assumed = ImmutableSortedDictionary.CreateBuilder<string, long>(StringComparer.Ordinal);
        foreach (OnnxValue input in model.Graph.RequiredInputs.Where(input => !bindings.Inputs.ContainsKey(input.Name) && !bindings.Values.ContainsKey(input.Name)))
        {
            if (input.Shape is not { } shape || shape.Any(axis => axis.Length < 0))
            {
                continue;
            }

            long[] lengths = new long[shape.Length];
            for (int axis = 0; axis < lengths.Length; axis++)
            {
                string? name = shape[axis].Name is { Length: > 0 } given ? given : null;
                if (shape[axis].Length is { } length || (name is not null && bindings.Axes.TryGetValue(name, out length)))
                {
                    lengths[axis] = length;
                    continue;
                }

                lengths[axis] = assumed[name ?? $"{input.Name}[{axis}]"] = Assume(name ?? "", axis, shape);
                bindings = name is null ? bindings : bindings.WithAxis(name, lengths[axis]);
            }

            bindings = bindings.WithInput(input.Name, lengths);
        }

        return new ShapeChoice(bindings, assumed.ToImmutable());
    }

    /// <summary>What is wrong with bindings for a model.</summary>
    /// <param name="model">The model; not changed.</param>
    /// <param name="asked">The bindings.</param>
    /// <returns>Every problem: shapes that do not fit, inputs and axes that the model does not have.</returns>
    public static IReadOnlyList<string> FindProblems(OnnxModel model, ShapeBindings asked)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(asked);
        List<string> problems = [];
        try
        {
            _ = InputBinding.Complete(model, asked);
        }
        catch (ModelFileException error)
        {
            problems.AddRange(error.Problems);
        }

        string[] names = [.. model.Graph.RequiredInputs.SelectMany(input => input.Shape ?? []).Select(axis => axis.Name).OfType<string>().Where(name => name.Length > 0).Distinct(StringComparer.Ordinal)];
        string known = names.Length == 0 ? "no axis at all" : $"one of {string.Join(", ", names)}";
        problems.AddRange(asked.Axes.Keys.Except(names, StringComparer.Ordinal).Select(axis => $"Axis '{axis}' must be {known}, but is not. Name an axis that the model's inputs leave free."));
        return problems;
    }

    private static long Assume(string name, int axis, ImmutableArray<OnnxDimension> shape) => name switch
    {
        "B" or "b" or "N" or "n" => 1,
        "C" or "c" => 3,
        "H" or "W" => 64,
        _ when name.Contains("batch", StringComparison.OrdinalIgnoreCase) => 1,
        _ when name.Contains("channel", StringComparison.OrdinalIgnoreCase) => 3,
        _ when name.Contains("height", StringComparison.OrdinalIgnoreCase) || name.Contains("width", StringComparison.OrdinalIgnoreCase) => 64,
        _ when axis == 0 && shape.Length > 1 && !name.Contains("seq", StringComparison.OrdinalIgnoreCase) && !name.Contains("time", StringComparison.OrdinalIgnoreCase) => 1,
        // [B, 1 or 3, height, width]: a picture.
        _ when axis >= 2 && shape is [_, { Length: 1 or 3 }, _, _] => 64,
        _ => 8,
    };
}

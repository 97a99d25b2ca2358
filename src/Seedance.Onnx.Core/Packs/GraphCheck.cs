using System.Collections.Immutable;

namespace Seedance.Onnx.Packs;

/// <summary>Compares what a pack declares for one graph with what the graph's file says. Not for several threads at once.</summary>
/// <param name="contract">What is declared.</param>
public sealed class GraphCheck(GraphContract contract)
{
    private const string Remedy = "Export it again, or map the name in seedance.json.";

    private readonly Dictionary<string, (long Length, string Tensor)> _letters = new(StringComparer.Ordinal);
    private readonly List<string> _problems = [];

    /// <summary>Everything that does not fit, found by <see cref="Compare(IReadOnlyDictionary{string, FileTensor}, IReadOnlyDictionary{string, FileTensor})"/>.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>Compares inputs and outputs with those of the file: name, type, rank, fixed axes, equal letters, and whether the file needs more.</summary>
    /// <param name="inputs">The inputs that the file has no value for, by name.</param>
    /// <param name="outputs">The file's outputs, by name.</param>
    /// <returns>The contract without the optional tensors that the file lacks.</returns>
    public GraphContract Compare(IReadOnlyDictionary<string, FileTensor> inputs, IReadOnlyDictionary<string, FileTensor> outputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(outputs);
        GraphContract present = contract with
        {
            Inputs = Compare("input", contract.Inputs, inputs),
            Outputs = Compare("output", contract.Outputs, outputs),
        };
        _problems.AddRange(inputs.Keys.Except(contract.Inputs.Select(tensor => tensor.FileName), StringComparer.Ordinal).Select(name =>
            $"{Subject("input", name)} must be declared, because the file needs it, but is not. Add it to seedance.json."));
        return present;
    }

    private ImmutableArray<TensorContract> Compare(string direction, ImmutableArray<TensorContract> declared, IReadOnlyDictionary<string, FileTensor> file)
    {
        foreach (TensorContract tensor in declared)
        {
            string subject = Subject(direction, tensor.FileName);
            if (file.TryGetValue(tensor.FileName, out FileTensor? actual))
            {
                Compare(subject, tensor, actual);
            }
            else if (!tensor.Optional)
            {
                _problems.Add($"{subject} must be {tensor}, but the file has only {string.Join(", ", file.Keys)}. {Remedy}");
            }
        }

        return [.. declared.Where(tensor => file.ContainsKey(tensor.FileName))];
    }

    private void Compare(string subject, TensorContract declared, FileTensor actual)
    {
        if (actual.ElementType != declared.ElementType || !ShapeFits(declared.Axes, actual.Lengths))
        {
            _problems.Add($"{subject} must be {declared}, but the file has {actual.Description}. {Remedy}");
            return;
        }

        // A letter that the file makes a number in two places must be the same number.
        for (int axis = 0; axis < actual.Lengths.Length; axis++)
        {
            if (actual.Lengths[axis] is { } length && declared.Axes[axis].Letter is { } letter
                && !_letters.TryAdd(letter, (length, declared.FileName)) && _letters[letter].Length != length)
            {
                (long other, string tensor) = _letters[letter];
                _problems.Add($"{subject} axis {letter} must be {other} as in '{tensor}', but the file has {length}. {Remedy}");
            }
        }
    }

    // A file that states no shape looks like a scalar here; its tensors are checked when they are there.
    private static bool ShapeFits(ImmutableArray<TensorAxis> axes, ImmutableArray<long?> lengths) => lengths.IsEmpty
        || (lengths.Length == axes.Length
            && axes.Zip(lengths).All(axis => axis.First.Length is not { } length || axis.Second is null || axis.Second == length));

    private string Subject(string direction, string name) => $"graph '{contract.Role}' {direction} '{name}'";
}

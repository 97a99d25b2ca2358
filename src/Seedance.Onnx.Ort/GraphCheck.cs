using System.Collections.Immutable;
using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Ort;

/// <summary>Compares what a pack declares for one graph with what the graph's file says, before the first run.</summary>
internal sealed class GraphCheck(GraphContract contract)
{
    private const string Remedy = "Export it again, or map the name in seedance.json.";

    private readonly Dictionary<string, (int Length, string Tensor)> _letters = new(StringComparer.Ordinal);
    private readonly List<string> _problems = [];

    /// <summary>Everything that does not fit, found by <see cref="Compare(InferenceSession)"/>.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>Compares inputs and outputs with an opened file.</summary>
    /// <returns>The contract without the optional tensors that the file lacks.</returns>
    public GraphContract Compare(InferenceSession session)
    {
        GraphContract present = contract with
        {
            Inputs = Compare("input", contract.Inputs, session.InputMetadata),
            Outputs = Compare("output", contract.Outputs, session.OutputMetadata),
        };
        _problems.AddRange(session.InputMetadata.Keys.Except(contract.Inputs.Select(tensor => tensor.FileName)).Select(name =>
            $"{Subject("input", name)} must be declared, because the file needs it, but is not. Add it to seedance.json."));
        return present;
    }

    private ImmutableArray<TensorContract> Compare(
        string direction, ImmutableArray<TensorContract> declared, IReadOnlyDictionary<string, NodeMetadata> file)
    {
        foreach (TensorContract tensor in declared)
        {
            string subject = Subject(direction, tensor.FileName);
            if (file.TryGetValue(tensor.FileName, out NodeMetadata? actual))
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

    private void Compare(string subject, TensorContract declared, NodeMetadata actual)
    {
        bool fits = actual.IsTensor
            && RuntimeTypes.FromRuntime(actual.ElementDataType) == declared.ElementType
            && ShapeFits(declared.Axes, actual.Dimensions);
        if (!fits)
        {
            _problems.Add($"{subject} must be {declared}, but the file has {Describe(actual)}. {Remedy}");
            return;
        }

        // A letter that the file makes a number in two places must be the same number.
        for (int axis = 0; axis < actual.Dimensions.Length; axis++)
        {
            int length = actual.Dimensions[axis];
            if (length >= 0 && declared.Axes[axis].Letter is { } letter
                && !_letters.TryAdd(letter, (length, declared.FileName)) && _letters[letter].Length != length)
            {
                (int other, string tensor) = _letters[letter];
                _problems.Add($"{subject} axis {letter} must be {other} as in '{tensor}', but the file has {length}. {Remedy}");
            }
        }
    }

    // A file that states no shape looks like a scalar here; its tensors are checked when they are there.
    private static bool ShapeFits(ImmutableArray<TensorAxis> axes, int[] lengths) => lengths.Length == 0
        || (lengths.Length == axes.Length
            && axes.Zip(lengths).All(axis => axis.First.Length is not { } length || axis.Second < 0 || axis.Second == length));

    private static string Describe(NodeMetadata actual)
    {
        if (!actual.IsTensor)
        {
            return $"no tensor ({actual.OnnxValueType})";
        }

        string type = RuntimeTypes.FromRuntime(actual.ElementDataType)?.ToName() ?? actual.ElementDataType.ToString().ToLowerInvariant();
        IEnumerable<string> axes = actual.Dimensions.Select((length, axis) =>
            length >= 0 ? length.ToString(CultureInfo.InvariantCulture) : actual.SymbolicDimensions[axis] is { Length: > 0 } name ? name : "?");
        return $"{type} [{string.Join(", ", axes)}]";
    }

    private string Subject(string direction, string name) => $"graph '{contract.Role}' {direction} '{name}'";
}

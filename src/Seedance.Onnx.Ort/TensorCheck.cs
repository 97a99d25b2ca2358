using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Ort;

/// <summary>Compares the tensors of a run with what the contract declares.</summary>
internal sealed class TensorCheck
{
    private readonly Dictionary<string, (long Length, string Tensor)> _letters = new(StringComparer.Ordinal);

    /// <summary>The declared tensor of a name.</summary>
    /// <exception cref="ArgumentException">The graph has none of this name.</exception>
    public static TensorContract Find(string role, string direction, IReadOnlyList<TensorContract> declared, string name) =>
        declared.FirstOrDefault(tensor => tensor.Name == name) ?? throw new ArgumentException(
            $"The {direction} of graph '{role}' must be one of {string.Join(", ", declared.Select(tensor => tensor.Name))}, but is '{name}'.", nameof(name));

    /// <summary>Type, rank and fixed axes of one tensor.</summary>
    /// <returns>What is wrong; null if it fits.</returns>
    public static string? FindProblem(TensorContract declared, GraphTensor tensor)
    {
        bool fits = tensor.ElementType == declared.ElementType
            && tensor.Shape.Count == declared.Axes.Length
            && declared.Axes.Zip(tensor.Shape).All(axis => axis.First.Length is not { } length || axis.Second == length);
        return fits ? null : $"Tensor '{declared.Name}' must be {declared}, but is {tensor}.";
    }

    /// <summary>Equal letters of this tensor and of all before it.</summary>
    /// <returns>What is wrong; null if they agree.</returns>
    public string? FindDisagreement(TensorContract declared, GraphTensor tensor)
    {
        for (int axis = 0; axis < declared.Axes.Length; axis++)
        {
            if (declared.Axes[axis].Letter is { } letter
                && !_letters.TryAdd(letter, (tensor.Shape[axis], declared.Name))
                && _letters[letter].Length != tensor.Shape[axis])
            {
                (long length, string other) = _letters[letter];
                return $"Axis {letter} of tensor '{declared.Name}' must be {length} as in '{other}', but is {tensor.Shape[axis]}.";
            }
        }

        return null;
    }
}

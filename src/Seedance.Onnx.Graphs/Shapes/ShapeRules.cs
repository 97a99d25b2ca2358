namespace Seedance.Onnx.Graphs.Shapes;

/// <summary>What each operator makes of the shapes of its inputs. An operator without a rule makes values of which nothing is known.</summary>
internal static class ShapeRules
{
    private static readonly Dictionary<string, Action<NodeInference>> Rules = Collect(ElementwiseRules.All, MovementRules.All, SelectionRules.All, ReductionRules.All, LinearRules.All, CreationRules.All, MicrosoftRules.All);

    public static void Apply(NodeInference node)
    {
        string domain = OpsetImports.Normalize(node.Node.Domain);
        string key = domain.Length == 0 ? node.Node.OpType : $"{domain}.{node.Node.OpType}";
        if (!Rules.TryGetValue(key, out Action<NodeInference>? rule))
        {
            return;
        }

        try
        {
            rule(node);
        }
        catch (Exception error) when (error is OverflowException or IndexOutOfRangeException or ArgumentException or InvalidOperationException or DivideByZeroException or NullReferenceException or FormatException)
        {
            // Shapes that do not fit one another: the runtime says what is wrong with the node.
            Array.Clear(node.Results);
        }
    }

    private static Dictionary<string, Action<NodeInference>> Collect(params IEnumerable<(string Operators, Action<NodeInference> Rule)>[] groups)
    {
        Dictionary<string, Action<NodeInference>> rules = new(StringComparer.Ordinal);
        foreach ((string operators, Action<NodeInference> rule) in groups.SelectMany(group => group))
        {
            foreach (string op in operators.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                rules.Add(op, rule);
            }
        }

        return rules;
    }
}

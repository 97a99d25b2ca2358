using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Stages;

/// <summary>What the condition stage hands on: the step graph's inputs that tell of images, for one branch that sees them.</summary>
/// <param name="given">By input: mask and condition channels [channels, f, h, w], and features [I, D] where the transformer looks at them.</param>
/// <param name="featureWidth">D; 0 where there are no features.</param>
internal sealed class ImageCondition(IReadOnlyDictionary<string, float[]> given, long featureWidth = 0)
{
    /// <summary>The transformer's input for features of images.</summary>
    public const string Features = "encoder_hidden_states_image";

    /// <summary>No images.</summary>
    public static ImageCondition None { get; } = new(new Dictionary<string, float[]>());

    /// <summary>[I, D]; null where there are no features.</summary>
    public IReadOnlyList<long>? FeatureShape => given.TryGetValue(Features, out float[]? features) ? [features.Length / featureWidth, featureWidth] : null;

    /// <summary>Fills an input for all branches: those that see the images get what is given, the others 0.</summary>
    /// <param name="plan">The plan, whose branches see the images or do not.</param>
    /// <param name="input">The input.</param>
    /// <param name="values">[G, …] float32.</param>
    public void Fill(GenerationPlan plan, string input, Span<float> values)
    {
        values.Clear();
        if (given.TryGetValue(input, out float[]? own))
        {
            for (int branch = 0; branch < plan.Branches.Length; branch++)
            {
                if (plan.Branches[branch].SeesImages)
                {
                    own.CopyTo(values[(branch * own.Length)..]);
                }
            }
        }
    }
}

// An image blurred by 3x3 elements: what the rows of image sizes measure.
#pragma once

namespace bench {

void blur_by_hand(int width, int height, const float* in, float* out);

}  // namespace bench
